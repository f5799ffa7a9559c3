"""E-mail by SMTP.

Here: the message and its way to the hospital's mail server. Not here: what it says (wording.py).

A retry has the same Message-ID, by which mailboxes tell that it is the same message.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from streaming.desk.channels.channel import ChannelError, Notification, Receipt
from streaming.desk.channels.posting import SECONDS
from streaming.desk.channels.wording import subject, text

Security = Literal["none", "starttls", "tls"]
# RFC 5321, 4.2.1: 4yz is not now, 5yz never.
_NEVER = 500


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends through one mail server; the recipient is the notification's address."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    user: str = ""
    secret: str = ""
    tells: str = "unit"

    def send(self, notification: Notification) -> Receipt:
        """Hand it to the mail server. Errors: `ChannelError`."""
        if not notification.address:
            raise ChannelError(retry=False, why="nobody's address to send to")
        try:
            with self._connected() as server:
                server.send_message(_message(notification, self.sender, self.tells))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _refused(min(codes)) from None
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            # Its text may hold addresses.
            raise ChannelError(retry=True, why=f"no answer: {type(error).__name__}") from None
        return Receipt("250")

    def _connected(self) -> smtplib.SMTP:
        trust = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=SECONDS, context=trust
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            if self.security == "starttls":
                server.starttls(context=trust)
            if self.user:
                server.login(self.user, self.secret)
        except BaseException:
            server.close()
            raise
        return server


def _refused(code: int) -> ChannelError:
    return ChannelError(retry=code < _NEVER, why=f"answer {code}")


def _message(notification: Notification, sender: str, tells: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject(notification)
    message["From"] = sender
    message["To"] = notification.address
    message["Date"] = format_datetime(notification.raised_at)
    message["Message-ID"] = f"<{notification.key}@{sender.rpartition('@')[2] or 'pulsehouse'}>"
    # No answer from who is away: it would go to a machine.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text(notification, tells) + "\n")
    return message
