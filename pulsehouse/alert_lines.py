"""An alert in one line, without its patient.

Here: the line. Not here: the chain behind an alert (explain_report.py).
"""

from rich.text import Text

from pulsehouse import terminal
from pulsehouse.contents import Row


def alert_line(alert: Row) -> Text:
    """Severity, feed's clock, unit, title."""
    suppressed = alert["status"] == "suppressed"
    style = "dim" if suppressed else terminal.SEVERITY_STYLES.get(alert["severity"], "")
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f" {alert['severity'].upper():8} ", style=style)
    line.append(
        f" {terminal.stamp(alert['raised_at']):20}  {alert['unit'] or '-':6}  {alert['title']}"
    )
    if suppressed:
        line.append(f"  (suppressed: {alert['suppressed_by']})", style="dim")
    return line
