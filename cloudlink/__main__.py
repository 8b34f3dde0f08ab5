"""`python -m cloudlink`: the same as the command `cloudlink`."""

from cloudlink.cli.main import main

if __name__ == "__main__":
    main(prog_name="python -m cloudlink")
