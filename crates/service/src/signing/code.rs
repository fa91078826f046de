//! Codes that both sides show, so that a person sees that the request on their screen is the service's own.

use crate::Caller;
use lionrock_crypto::digest::{md5, sha256, sha512};
use lionrock_model::account::RECOVERY_ALPHABET;

/// A random code of forty bits in two groups: `7K2M-9QXD`. Made here, bound to its request, and the same for nobody else.
#[must_use]
pub fn random(caller: &Caller) -> String {
    let bytes: [u8; 8] = caller.random();
    let letters = bytes.iter().filter_map(|byte| RECOVERY_ALPHABET.get(usize::from(byte & 31)).map(|l| char::from(*l)));
    let code: String = letters.collect();
    let (first, second) = code.split_at(code.len() / 2);
    format!("{first}-{second}")
}

/// Whom the four digits of the iAM Smart interface are for.
#[derive(Clone, Copy, Debug)]
pub enum For<'a> {
    /// A person the service knows by this name.
    Known(&'a str),
    /// A person the service knows by the digest of their card number, and the service's own identifier.
    Anonymous(&'a [u8], &'a str),
}

/// The identification code of the iAM Smart interface: four digits that both sides compute from the digest. Only ten thousand values,
/// digits 0 to 5 twice as likely as the others: against mix-ups, not against anybody who wants to deceive. That is what
/// [`random`] is for.
#[must_use]
pub fn legacy(digest: &[u8], whom: For<'_>) -> String {
    let message = match whom {
        For::Known(name) => [digest, &sha256(name.as_bytes())].concat(),
        For::Anonymous(card, client) => [digest, card, client.as_bytes()].concat(),
    };
    let x = md5(&sha512(&message));
    x.iter().step_by(4).map(|byte| char::from(b'0' + (byte >> 4) % 10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_as_both_sides_compute_them() {
        let digest = sha256(b"hello world");
        let known = For::Known("liR14%2BvX%2F5hSum5uf4ERczu0KcDnIJA5BM7FoM1ag9c%3D");
        assert_eq!(legacy(&digest, known), "0704");
        assert_ne!(legacy(&sha256(b"hello worlds"), known), "0704");
        assert_eq!(legacy(&digest, For::Anonymous(&sha256(b"A123456"), "client")).len(), 4);
    }
}
