"""The areas of the site, each a folder with its pages and forms."""

from pilot_eval.web.account.pages import account
from pilot_eval.web.shell.pages import shell

AREAS = (shell, account)
