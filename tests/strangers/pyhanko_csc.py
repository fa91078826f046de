"""pyHanko's signer for the Cloud Signature Consortium's API, unmodified: a resident signs a PDF through us, and pyHanko judges it."""

import asyncio
import base64
import hashlib
import io
import json
import secrets
import sys
import traceback
import warnings
from urllib.parse import parse_qs, urlencode, urlsplit

warnings.filterwarnings("ignore")

import aiohttp
import httpx
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import csc_signer
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

SETTING = json.loads(sys.argv[1])
ISSUER, DOOR = SETTING["issuer"], SETTING["service"]
CLIENT, SECRET, REDIRECT = "stranger-csc", SETTING["secret"], SETTING["redirect"]
INFO = httpx.post(f"{ISSUER}/csc/v2/info", json={}).json()
AT = INFO["oauth2"]
SHA_256 = "2.16.840.1.101.3.4.2.1"


def check(name, work):
    try:
        work()
        print(f"ok - {name}", flush=True)
    except Exception:
        print(f"not ok - {name}: {traceback.format_exc().replace(chr(10), ' | ')}", flush=True)


def door(person, verb, body=None):
    answer = httpx.post(f"{DOOR}/phone/{person}/{verb}", json=body or {}, timeout=120)
    assert answer.status_code == 200, f"{verb}: {answer.text}"
    return answer.json()


def authorized(person, **parameters):
    """The code flow with PKCE, as any OAuth library does it; the person approves on our page with their passkey."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code", "client_id": CLIENT, "redirect_uri": REDIRECT, "state": state,
        "code_challenge": challenge, "code_challenge_method": "S256", **parameters,
    }
    back = door(person, "sign-in", {"url": f"{AT}/oauth2/authorize?{urlencode(query)}"})["redirect"]
    came = parse_qs(urlsplit(back).query)
    assert came["state"] == [state] and "code" in came, back
    form = {"grant_type": "authorization_code", "code": came["code"][0], "redirect_uri": REDIRECT, "code_verifier": verifier}
    answer = httpx.post(f"{AT}/oauth2/token", data=form, auth=(CLIENT, SECRET))
    assert answer.status_code == 200, answer.text
    return answer.json()


def details(credential, hashes, kind="dtbsr"):
    digests = [{"hash": one, "label": "Contract", "hashType": kind} for one in hashes]
    return json.dumps([{
        "type": "credential", "credentialID": credential, "documentDigests": digests, "hashAlgorithmOID": SHA_256,
    }])


def call(method, token, body):
    answer = httpx.post(f"{ISSUER}/csc/v2/{method}", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    return answer.status_code, answer.json()


def somebody():
    """A synthetic resident with a Plus account and a signing certificate, all by their own phone."""
    known = httpx.get(f"{DOOR}/phone").json()
    person = next((one for one in known["faces"] if one in SETTING["registered"]), None)
    if person is None:
        person = known["faces"][0]
        door(person, "register")
    door(person, "sign-in")
    door(person, "raise")
    door(person, "approve", {"page": "/account/signatures"})
    return person


def document(text):
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = "%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{one}\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    return out.encode()


class Approved(csc_signer.CSCAuthorizationManager):
    """Gets activation data for exactly the hashes that pyHanko is about to have signed."""

    def __init__(self, person, session, credential, kept):
        super().__init__(session, credential)
        self.person, self.kept = person, kept

    async def authorize_signature(self, hash_b64s):
        asked = details(self.csc_session_info.credential_id, hash_b64s)
        given = await asyncio.to_thread(authorized, self.person, scope="credential", authorization_details=asked)
        self.kept.append((given["access_token"], hash_b64s))
        return csc_signer.CSCAuthorizationInfo(sad=given["access_token"])


async def signed(person, token, credential, kept):
    session_info = csc_signer.CSCServiceSessionInfo(ISSUER, credential, oauth_token=token, api_ver="v2")
    async with aiohttp.ClientSession() as session:
        known = await csc_signer.fetch_certs_in_csc_credential(session, session_info)
        assert known.hash_pinning_required, "SCAL2"
        signer = csc_signer.CSCSigner(session, Approved(person, session_info, known, kept))
        meta = signers.PdfSignatureMetadata(
            field_name="Contract", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(document("Contract")))
        out = await signers.PdfSigner(meta, signer).async_sign_pdf(writer, in_place=False)
        return out.getvalue()


def judged(data):
    context = ValidationContext(trust_roots=[load_cert_from_pemder(SETTING["root"])], allow_fetching=False)
    signature = PdfFileReader(io.BytesIO(data)).embedded_signatures[0]
    return validate_pdf_signature(signature, signer_validation_context=context)


PERSON = KEPT = TOKEN = CREDENTIAL = PDF = None


def prepare():
    global PERSON, TOKEN, CREDENTIAL
    PERSON = somebody()
    TOKEN = authorized(PERSON, scope="service")["access_token"]
    status, listed = call("credentials/list", TOKEN, {})
    assert status == 200, listed
    (CREDENTIAL,) = listed["credentialIDs"]


def sign_pdf():
    global KEPT, PDF
    KEPT = []
    PDF = asyncio.run(signed(PERSON, TOKEN, CREDENTIAL, KEPT))
    status = judged(PDF)
    assert status.bottom_line, status.pretty_print_details()


def spoilt():
    bad = PDF.replace(b"(Contract) Tj", b"(Contrast) Tj")
    assert bad != PDF and not judged(bad).bottom_line


def refused(status, answer, word="invalid_request"):
    assert status in (400, 401) and answer["error"] == word and answer["error_description"], (status, answer)


def once():
    (sad, hashes), = KEPT
    body = {"credentialID": CREDENTIAL, "hashes": hashes, "signAlgo": "1.2.840.10045.4.3.2"}
    refused(*call("signatures/signHash", TOKEN, {**body, "SAD": sad}))
    refused(*call("signatures/signHash", sad, body), "invalid_token")


def nothing_else():
    own = base64.b64encode(hashlib.sha256(b"one").digest()).decode()
    other = base64.b64encode(hashlib.sha256(b"two").digest()).decode()
    sad = authorized(PERSON, scope="credential", authorization_details=details(CREDENTIAL, [own]))["access_token"]
    body = {"credentialID": CREDENTIAL, "hashes": [other], "signAlgo": "1.2.840.10045.4.3.2"}
    refused(*call("signatures/signHash", sad, body))
    refused(*call("signatures/signHash", sad, {**body, "hashes": [own, own]}))
    refused(*call("signatures/signHash", sad, {**body, "hashes": [own], "signAlgo": "1.2.840.113549.1.1.11"}))
    refused(*call("signatures/signHash", sad, {**body, "hashes": [own], "credentialID": "another"}))
    status, answer = call("signatures/signHash", sad, {**body, "hashes": [own]})
    assert status == 200 and len(answer["signatures"]) == 1, answer


def old_parameters():
    own = base64.urlsafe_b64encode(hashlib.sha256(b"three").digest()).decode()
    asked = {"scope": "credential", "credentialID": CREDENTIAL, "numSignatures": "1", "hashes": own, "hashAlgorithmOID": SHA_256}
    sad = authorized(PERSON, **asked)["access_token"]
    hash_ = base64.b64encode(hashlib.sha256(b"three").digest()).decode()
    body = {"credentialID": CREDENTIAL, "SAD": sad, "hashes": [hash_], "signAlgo": "1.2.840.10045.4.3.2"}
    status, answer = call("signatures/signHash", TOKEN, body)
    assert status == 200, answer


def whole_document():
    file = document("Seen before it is signed")
    entry = {"document": base64.b64encode(file).decode(), "signature_format": "P", "conformance_level": "AdES-B-LT",
             "signAlgo": "1.2.840.10045.4.3.2", "signed_envelope_property": "Revision"}
    body = {"credentialID": CREDENTIAL, "documents": [entry]}
    status, answer = call("signatures/signDoc", TOKEN, body)
    assert status == 202, answer
    hash_ = base64.b64encode(hashlib.sha256(file).digest()).decode()
    given = authorized(PERSON, scope="credential", authorization_details=details(CREDENTIAL, [hash_], "sodr"))
    status, answer = call("signatures/signDoc", given["access_token"], body)
    assert status == 200, answer
    done = base64.b64decode(answer["DocumentWithSignature"][0])
    assert done.startswith(file) and judged(done).bottom_line


def stamp():
    body = {"hash": base64.b64encode(hashlib.sha256(b"four").digest()).decode(), "hashAlgo": SHA_256, "nonce": "1f2e"}
    status, answer = call("signatures/timestamp", TOKEN, body)
    assert status == 200 and base64.b64decode(answer["timestamp"])[0] == 0x30, answer


check("somebody with a signing certificate lets the service see it", prepare)
check("pyHanko signs a PDF through the API, and the result passes with our root", sign_pdf)
check("pyHanko: a changed PDF does not pass", spoilt)
check("activation data works once", once)
check("nothing but what was approved is signed", nothing_else)
check("the parameters without authorization_details do the same", old_parameters)
check("a document that was seen is signed as a whole (B-LT)", whole_document)
check("a time-stamp", stamp)
