"""Push a payload to Veza. With `oaa` the only room that knows oaaclient."""
