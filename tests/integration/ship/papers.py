# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Self-signed certificates for one run, made with openssl: right ones, and wrong ones."""

import hashlib
import pathlib
import shutil
import subprocess
import tempfile

POINT_BYTES = 65


def available():
    return shutil.which("openssl") is not None


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(map(str, arguments))}\n{done.stderr.decode()}")
    return done.stdout


def ski_of(certificate):
    """SHA-1 of the public key, whatever the certificate says."""
    pem = _openssl("x509", "-in", certificate, "-pubkey", "-noout")
    done = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem,
                          capture_output=True, check=True)
    return hashlib.sha1(done.stdout[-POINT_BYTES:]).hexdigest()


class Identity:
    """A device's key and certificate: `key` and `certificate` are paths, `ski` is text. @p key: a PEM
    file that has one; it is taken over."""

    def __init__(self, name="device", ski="hash", days=1, key=None):
        self._folder = tempfile.TemporaryDirectory(prefix="fairlead-ship-")
        folder = pathlib.Path(self._folder.name)
        self.key = folder / "key.pem"
        self.certificate = folder / "certificate.pem"
        request, extensions = folder / "request.pem", folder / "extensions"
        extensions.write_text("basicConstraints=critical,CA:TRUE\n"
                              "keyUsage=critical,digitalSignature\n"
                              f"subjectKeyIdentifier={ski or 'none'}\n", encoding="ascii")
        if key:
            _openssl("pkey", "-in", key, "-out", self.key)
        else:
            _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                     self.key)
        _openssl("req", "-new", "-key", self.key, "-subj", f"/O=Test/CN={name}", "-out", request)
        _openssl("x509", "-req", "-in", request, "-signkey", self.key, "-days", days, "-sha256",
                 "-extfile", extensions, "-out", self.certificate)
        self.ski = ski_of(self.certificate)

    def pem(self):
        return self.certificate.read_bytes() + self.key.read_bytes()
