"""`python -m pulsehouse`: the command, where no script of that name is installed."""

from pulsehouse.command import main

main()
