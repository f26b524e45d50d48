"""buf-curl.py ROOT BUF curl ARGUMENTS: runs `buf curl`. It prints the details of an
error in Base64, whatever the server's reflection knows of them; here they get a
field `debug` with what they say, as in Connect's own form of errors."""

import base64
import json
import subprocess
import sys

root, buf, *arguments = sys.argv[1:]


def decoded(detail):
    """What a detail says, or None if it is of no type in this repository."""
    padded = detail["value"] + "=" * (-len(detail["value"]) % 4)
    command = [buf, "convert", root, "--type", detail["type"], "--from", "-#format=binpb"]
    converted = subprocess.run(command, input=base64.b64decode(padded), capture_output=True)
    return json.loads(converted.stdout) if converted.returncode == 0 else None


def with_words(text):
    """An error as it was printed, with the words of its details."""
    try:
        error = json.loads(text)
        for detail in error["details"]:
            words = decoded(detail)
            if words is not None:
                detail["debug"] = words
    except (KeyError, TypeError, ValueError):
        return text
    return json.dumps(error, indent=3, ensure_ascii=False) + "\n"


process = subprocess.Popen([buf, *arguments], stderr=subprocess.PIPE, text=True)
error = ""
try:
    for line in process.stderr:
        # An error is printed over several lines, from a brace to a brace.
        if error or line == "{\n":
            error += line
            line = ""
            if error.endswith("\n}\n"):
                line, error = with_words(error), ""
        sys.stderr.write(line)
        sys.stderr.flush()
    sys.stderr.write(error)
    sys.exit(process.wait())
except KeyboardInterrupt:
    sys.exit(process.wait())
