"""The page of the peers says what was measured, and so does its chart."""

from docs import peers


def test_page_and_chart_are_made_from_what_was_measured():
    found = peers.measured()
    again = "make them anew: python -m docs.peers"
    assert (peers.HERE / "peers.md").read_text(encoding="utf-8") == peers.page(found), again
    assert (peers.HERE / "peers.svg").read_text(encoding="utf-8") == peers.chart(found), again


def test_peer_whose_rows_differ_has_a_reason_and_no_figure():
    found = peers.measured()
    first, *others = found["stream"][::-1]
    wrong = {**first, "equal": False, "reason": "column news2 differs"}
    page = peers.page({**found, "stream": [*others[::-1], wrong]})
    [row] = [line for line in page.splitlines() if "not timed: column news2 differs" in line]
    assert row.startswith(f"| {first['label']} |")
    assert f"{first['rate']:,.0f}" not in row
