"""pyHanko judges the signatures of a PDF by EN 319 102-1, offline: `pyhanko_judge.py FILE ROOT`.

Prints one line a signature: its indication, its sub-indication, whether it is cryptographically sound, and what was changed since.
"""

import asyncio
import logging
import sys

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import ades
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

logging.disable(logging.CRITICAL)


def indication(outcome):
    """The indication of a result: an AdESPassed, AdESIndeterminate or AdESFailure."""
    word = type(outcome).__name__.removeprefix("AdES").lower()
    return ("failed" if word == "failure" else word) + " " + outcome.name


async def judge(path, root):
    trust = SimpleTrustManager.build(trust_roots=[load_cert_from_pemder(root)])
    policy = CertValidationPolicySpec(
        trust_manager=trust,
        revinfo_policy=CertRevTrustPolicy(
            revocation_checking_policy=RevocationCheckingPolicy.from_legacy("require")
        ),
    )
    offline = RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY)
    spec = PdfSignatureValidationSpec(
        signature_validation_spec=SignatureValidationSpec(
            cert_validation_policy=policy, revinfo_gathering_policy=offline
        )
    )
    with open(path, "rb") as file:
        reader = PdfFileReader(file)
        found = reader.embedded_regular_signatures
        if not found:
            print("none")
        for signature in found:
            result = await ades.ades_lta_validation(signature, spec)
            status = result.api_status
            outcome = result.ades_subindic
            # Without a document time-stamp there is no past to prove; the judgement of today stands.
            if indication(outcome).startswith("indeterminate NO_POE") and status and status.bottom_line:
                outcome = ades.AdESPassed.OK
            sound = bool(status and status.valid and status.intact)
            changes = getattr(status, "modification_level", None)
            allowed = getattr(status, "docmdp_ok", None)
            print(indication(outcome), "sound" if sound else "unsound", changes.name if changes else "-", allowed)


if __name__ == "__main__":
    try:
        asyncio.run(judge(sys.argv[1], sys.argv[2]))
    except Exception as why:  # a file that cannot be read is refused, whatever the reason
        print("failed", type(why).__name__, "unsound -", str(why)[:200])
