# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Certificates for one run, made with openssl and gone with it."""

import pathlib
import shutil
import subprocess
import tempfile


def available():
    return shutil.which("openssl") is not None


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(map(str, arguments))}\n{done.stderr.decode()}")


class Papers:
    """An authority and what it signs: `key(name)` and `certificate(name)` are paths."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="fairlead-papers-")
        self.folder = pathlib.Path(self._folder.name)
        self.ca = self.certificate("ca")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", 1, "-subj", "/O=Test/CN=authority", "-keyout", self.key("ca"),
                 "-out", self.ca)

    def key(self, name):
        return self.folder / f"{name}.key"

    def certificate(self, name):
        return self.folder / f"{name}.pem"

    def issue(self, name, common_name=None, kind="ec", signer="ca"):
        """A certificate for 127.0.0.1 and localhost."""
        request = self.folder / f"{name}.csr"
        extension = self.folder / f"{name}.ext"
        extension.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n", encoding="ascii")
        how = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" \
            else ["-newkey", "rsa:2048"]
        _openssl("req", *how, "-nodes", "-subj", f"/O=Test/CN={common_name or name}",
                 "-keyout", self.key(name), "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate(signer),
                 "-CAkey", self.key(signer), "-CAcreateserial", "-days", 1,
                 "-extfile", extension, "-out", self.certificate(name))
        return self

    def stranger(self, name):
        """One that signed itself."""
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", 1, "-subj", f"/O=Else/CN={name}", "-keyout", self.key(name),
                 "-out", self.certificate(name))
        return self
