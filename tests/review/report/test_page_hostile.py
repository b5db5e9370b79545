"""Hostile texts in an export: they are shown, and never more than that."""

from __future__ import annotations

import json

from connector.text import clean
from tests.graph.payloads import PERMISSIONS, Json, holds, on, payload, resource
from tests.review.report.browser import ARROW_DOWN, ARROW_RIGHT, ENTER, Browser
from tests.review.report.conftest import Open

_HOSTILE = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg/onload=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    '"><script>window.pwned=1</script>',
    "' onmouseover='window.pwned=1",
    "javascript:window.pwned=1",
    "<!--<script>",
    "--><script>window.pwned=1</script>",
    "]]><script>window.pwned=1</script>",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "$data $title ${script} $$",
    "`;window.pwned=1;//",
    "\\u003cscript\\u003ewindow.pwned=1\\u003c/script\\u003e",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "<style>*{display:none}</style>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><input name=x id=search>",
    "<a id=data href=data:text/html,x>x</a>",
    "<math><mtext></p><img src=x onerror=window.pwned=1>",
    "\u2028window.pwned=1\u2029",
    "\u202egnp.exe\u202c \u0000 \ud800",
    "__proto__",
    "constructor",
    "toString",
    "A" * 3000,
)


def _hostile_export() -> Json:
    """Put hostile texts wherever an export has a text."""
    count = len(_HOSTILE)
    texts = [(number, text) for number, text in enumerate(_HOSTILE)]
    urls = [
        "javascript:window.pwned=1",
        "data:text/html,<script>1</script>",
        "JaVaScRiPt:alert(1)",
        "https://u:p@evil.example",
        "//evil.example",
    ]
    people = [
        {
            "id": f"u{number}",
            "name": text,
            "email": text,
            "identities": [text],
            "groups": [f"g{number}"],
            "access_creds": [f"c{number}"],
            "custom_properties": {"username": text, text: text},
        }
        for number, text in texts
    ]
    groups = [{"id": f"g{number}", "name": text} for number, text in texts]
    keys = [{"id": f"c{number}", "name": text, "custom_properties": {"kind": text}} for number, text in texts]
    tops = [
        resource(
            text,
            resource(
                text, id="r", kind=text, description=text, custom_properties={"slug": text, "url": urls[number % 5]}
            ),
            id=f"p{number}",
            kind=text,
            description=text,
            custom_properties={"key": text, "url": urls[number % 5], "webhook_hosts": [text]},
        )
        for number, text in texts
    ]
    permissions = [{**PERMISSIONS[number % 6], "name": f"{number} {text}"} for number, text in texts]
    grants = [
        holds(
            f"g{number}",
            on(f"{number} {text}", f"p{number}", f"p{number}.r", f"p{(number + 1) % count}"),
            kind="local_group",
        )
        for number, text in texts
    ]
    single = [holds(f"u{number}", on(f"5 {_HOSTILE[5]}", "p0", "p1.r")) for number in range(3)]
    document = payload(
        *grants,
        *single,
        users=tuple(people),
        groups=tuple(groups),
        credentials=tuple(keys),
        resources=tuple(tops),
        permissions=permissions,
    )
    about = {"base_url": "javascript:window.pwned=1", "version": _HOSTILE[0], "is_complete": False}
    document["applications"][0] |= {
        "application_type": "BitbucketServer",
        "custom_properties": about | {"not_collected": list(_HOSTILE)},
    }
    return document


def test_every_text_of_an_export_stays_text(show: Open) -> None:
    document = _hostile_export()
    window = show(document)
    things = len(_HOSTILE)
    seen = json.loads(
        window.run(
            """
        document.querySelectorAll('details').forEach((one) => (one.open = true));
        const seen = [];
        const open = (reference) => {
            history.replaceState(null, '', `#${reference}`);
            dispatchEvent(new HashChangeEvent('hashchange'));
        };
        for (let at = 0; at < 3 * arguments[0]; at++) {
            open(`i${at}`);
            document.querySelectorAll('#detail details').forEach((one) => (one.open = true));
            seen.push(document.getElementById('detail-title').textContent);
        }
        for (let at = 1; at <= 2 * arguments[0]; at++) {
            open(`n${at}`);
            document.querySelectorAll('#detail details').forEach((one) => (one.open = true));
        }
        document.querySelectorAll('.more').forEach((one) => one.click());
        return JSON.stringify(seen);""",
            things,
        )
    )
    assert seen[:things] == [clean(text) for text in _HOSTILE]
    window.run("document.getElementById('picture').focus()")
    window.press(ARROW_DOWN, ENTER, ARROW_RIGHT, ENTER)
    printable = list(filter(str.isprintable, _HOSTILE))
    results = window.run(
        """
        const field = document.getElementById('search'), later = window.setTimeout;
        window.setTimeout = (act) => act();
        const results = arguments[0].map((text) => {
            field.value = text;
            field.dispatchEvent(new Event('input'));
            return document.getElementById('found').textContent;
        });
        window.setTimeout = later;
        return results;""",
        printable,
    )
    assert [text for text, result in zip(printable, results, strict=True) if not result.endswith(" found")] == []
    found = window.run("""
        const bad = [...document.querySelectorAll('a')].filter((one) => !/^(#|https?:)/.test(one.getAttribute('href')));
        const odd = 'script:not(#data):not(:last-of-type), img, svg, iframe, form, base, math, object, body style';
        const names = [...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames());
        return {
            pwned: window.pwned, bad: bad.map((one) => one.outerHTML), scripts: document.scripts.length,
            odd: [...document.querySelectorAll(odd)].map((one) => one.outerHTML),
            handlers: names.filter((name) => name.startsWith('on')),
        };""")
    assert found == {"bad": [], "scripts": 2, "odd": [], "handlers": [], "pwned": None}
    assert not window.dialogue()


def test_the_policy_would_stop_a_script_that_got_in(show: Open, demo: Json, window: Browser) -> None:
    show(demo)
    window.run("""
        const script = document.createElement('script');
        script.textContent = 'window.pwned = 1';
        document.body.append(script);
        const image = '<img src="https://evil.example/x.png" onerror="window.pwned = 2">';
        document.body.insertAdjacentHTML('beforeend', image);
        return fetch('https://evil.example/').catch(() => 'refused');""")
    assert window.run("return window.pwned ?? null") is None
    window.log("performance")
    refusals = [entry["message"] for entry in window.log("browser")]
    assert sum("Content Security Policy" in message for message in refusals) >= 3
