//! From a passphrase to a root key: Argon2id (RFC 9106), 64 MiB, three passes.

use crate::Error;
use crate::secret::Secret;
use argon2::{Algorithm, Argon2, Params, Version};

/// Stretches a passphrase; the salt is stored beside what the key opens.
///
/// # Errors
/// [`Error::Library`] when memory for it cannot be had.
pub fn stretch(passphrase: &[u8], salt: &[u8; 16]) -> Result<Secret<32>, Error> {
    let params = Params::new(64 * 1024, 3, 1, Some(32)).map_err(|_| Error::Library)?;
    let mut out = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, &mut out)
        .map_err(|_| Error::Library)?;
    Ok(Secret::new(out))
}
