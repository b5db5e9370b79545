"""Independent judges of the connector: Bitbucket's own rules, organisations to try them on, a comparison."""
