"""What a client program and the test say to each other: one JSON object per line."""
import json
import os
import sys

ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SCOPE = (
    os.environ.get(name, "") for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URI", "SCOPE")
)


def open_page(url):
    """Ask the test to log in at the URL, and return where the browser was sent then."""
    print(json.dumps({"open": url}), flush=True)
    return sys.stdin.readline().strip()


def report(**result):
    """Tell the test what the client found."""
    print(json.dumps({"result": result}), flush=True)
