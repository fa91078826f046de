"""pyHanko signs a PDF as PAdES B-LT again and again: `peer.py FILE PROCESSES SECONDS [LARGE]`. Prints one JSON object.

Root, signer, time-stamping authority and responder are made here with keys on P-256; nothing goes over a network.
"""

import asyncio
import hashlib
import io
import json
import multiprocessing
import resource
import sys
import time
from datetime import datetime, timedelta, timezone

from asn1crypto import algos, cms
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from asn1crypto.keys import PrivateKeyInfo
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import general, signers, timestamps
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore


def certificate(name, key, issuer, issuer_key, use=None, ca=False):
    now = datetime.now(timezone.utc)
    named = lambda text: x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "HK"), x509.NameAttribute(NameOID.COMMON_NAME, text)])
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(
            x509.KeyUsage(not ca, not ca and use is None, False, False, False, ca, ca, False, False), True
        )
    )
    if use is not None:
        made = made.add_extension(x509.ExtendedKeyUsage([use]), use == ExtendedKeyUsageOID.TIME_STAMPING)
        if use == ExtendedKeyUsageOID.OCSP_SIGNING:
            made = made.add_extension(x509.OCSPNoCheck(), False)
    return made.sign(issuer_key, hashes.SHA256())


def asn1(one):
    return asn1_x509.Certificate.load(one.public_bytes(serialization.Encoding.DER))


def info(key):
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return PrivateKeyInfo.load(der)


class Stamper(timestamps.DummyTimeStamper):
    """The peer's own stand-in signs by RSA alone; on P-256 it does the work that ours does."""

    def _sign_tst_info(self, tst_info_data, md_algorithm, dt):
        attributes = cms.CMSAttributes(
            [
                general.simple_cms_attribute("content_type", "tst_info"),
                general.simple_cms_attribute("signing_certificate_v2", general.as_signing_certificate_v2(self.tsa_cert)),
                general.simple_cms_attribute("message_digest", hashlib.sha256(tst_info_data).digest()),
            ]
        )
        return self.tsa_key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())), attributes

    def _build_signed_data(self, *arguments):
        made = super()._build_signed_data(*arguments)
        made["signer_infos"][0]["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
        return made


class Bench:
    def __init__(self):
        self.keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "signer", "stamp", "answer")}
        key = self.keys
        self.root = certificate("Root", key["root"], "Root", key["root"], ca=True)
        self.own = certificate("CHAN Tai Man", key["signer"], "Root", key["root"])
        self.stamp = certificate("Stamp", key["stamp"], "Root", key["root"], ExtendedKeyUsageOID.TIME_STAMPING)
        self.responder = certificate("Answer", key["answer"], "Root", key["root"], ExtendedKeyUsageOID.OCSP_SIGNING)
        registry = SimpleCertificateStore()
        registry.register(asn1(self.root))
        self.signer = signers.SimpleSigner(
            signing_cert=asn1(self.own), signing_key=info(key["signer"]), cert_registry=registry
        )
        self.stamper = Stamper(
            tsa_cert=asn1(self.stamp), tsa_key=key["stamp"], certs_to_embed=registry
        )

    def answer(self, about):
        """A fresh status answer, as ours are made for each signature."""
        now = datetime.now(timezone.utc)
        made = (
            ocsp.OCSPResponseBuilder()
            .add_response(about, self.root, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD, now, now + timedelta(hours=1), None, None)
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder)
            .certificates([self.responder])
            .sign(self.keys["answer"], hashes.SHA256())
        )
        return asn1_ocsp.OCSPResponse.load(made.public_bytes(serialization.Encoding.DER))

    async def sign(self, source, to):
        context = ValidationContext(
            trust_roots=[asn1(self.root)],
            allow_fetching=False,
            ocsps=[self.answer(self.own), self.answer(self.stamp)],
            revocation_mode="hard-fail",
        )
        wish = signers.PdfSignatureMetadata(
            field_name="Signature1",
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            validation_context=context,
            embed_validation_info=True,
        )
        signer = signers.PdfSigner(wish, signer=self.signer, timestamper=self.stamper)
        return await signer.async_sign_pdf(IncrementalPdfFileWriter(source), output=to)


def work(document, seconds):
    bench = Bench()

    async def run():
        # Once before the clock starts, so that nothing is measured that happens only at the start.
        await bench.sign(io.BytesIO(document), io.BytesIO())
        done, begun = 0, time.monotonic()
        while time.monotonic() - begun < seconds:
            out = io.BytesIO()
            await bench.sign(io.BytesIO(document), out)
            assert len(out.getvalue()) > len(document)
            done += 1
        return done / (time.monotonic() - begun)

    return asyncio.run(run())


def large(path):
    with open(path, "rb") as source, open(path + ".peer", "w+b") as to:
        asyncio.run(Bench().sign(source, to))
    # Linux counts in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main():
    path, processes, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with open(path, "rb") as file:
        document = file.read()
    context = multiprocessing.get_context("fork")
    with context.Pool(processes) as pool:
        all_of_them = pool.starmap(work, [(document, seconds)] * processes)
    found = {"per_second": sum(all_of_them)}
    if len(sys.argv) > 4:
        with context.Pool(1) as pool:
            found["large_mb"] = pool.apply(large, (sys.argv[4],))
    print(json.dumps(found))


main()
