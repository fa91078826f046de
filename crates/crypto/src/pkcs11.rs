//! The root key in a key store module (PKCS#11 3.0): a generic secret that is neither readable nor extractable. It is used
//! for one thing, HMAC-SHA-256 over the name of a realm, which gives that realm's key.

use crate::Error;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Refused, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// The label of the root key in its token.
pub const LABEL: &str = "lionrock root";

/// A root key held by a module, with an open session to it.
pub struct ModuleRoot {
    session: Mutex<Session>,
    key: ObjectHandle,
}

impl fmt::Debug for ModuleRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ModuleRoot(…)")
    }
}

impl ModuleRoot {
    /// Opens the root key of a token.
    ///
    /// # Errors
    /// [`Error::Module`] when module or token cannot be used, [`Error::WrongPin`], [`Error::NoSuchKey`] when the token holds no
    /// root key, [`Error::NotAKey`] when it could leave the module.
    pub fn open(module: &Path, token: &str, pin: Zeroizing<String>) -> Result<Self, Error> {
        let session = log_in(module, token, pin)?;
        let key = *session.find_objects(&identity()).map_err(refused)?.first().ok_or(Error::NoSuchKey)?;
        guard(&session, key)?;
        Ok(Self { session: Mutex::new(session), key })
    }

    /// Makes the root key in a token that has none.
    ///
    /// # Errors
    /// As [`ModuleRoot::open`]; [`Error::Exists`] when there is one.
    pub fn init(module: &Path, token: &str, pin: Zeroizing<String>) -> Result<(), Error> {
        let session = log_in(module, token, pin)?;
        if !session.find_objects(&identity()).map_err(refused)?.is_empty() {
            return Err(Error::Exists);
        }
        let mut template = identity();
        template.extend([
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Modifiable(false),
            Attribute::Sign(true),
            Attribute::ValueLen(32.into()),
        ]);
        session.generate_key(&Mechanism::GenericSecretKeyGen, &template).map(drop).map_err(refused)
    }

    /// HMAC-SHA-256 of a message under the root key.
    pub(crate) fn mac(&self, message: &[u8]) -> Result<[u8; 32], Error> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let tag = Zeroizing::new(session.sign(&Mechanism::Sha256Hmac, self.key, message).map_err(refused)?);
        tag.as_slice().try_into().map_err(|_| Error::Module)
    }
}

fn log_in(module: &Path, token: &str, mut pin: Zeroizing<String>) -> Result<Session, Error> {
    let module = load(module)?;
    let slots = module.get_slots_with_token().map_err(refused)?;
    let named =
        |slot: &cryptoki::slot::Slot| module.get_token_info(*slot).is_ok_and(|info| info.label().trim() == token);
    let slot = slots.into_iter().find(named).ok_or(Error::Module)?;
    let session = module.open_rw_session(slot).map_err(refused)?;
    let pin = AuthPin::new(std::mem::take(&mut *pin).into());
    match session.login(UserType::User, Some(&pin)) {
        // The whole process is logged in, or nobody in it.
        Ok(()) | Err(Refused::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
        Err(error) => Err(refused(error)),
    }
}

/// A module is loaded once in a process, and stays: it keeps its state in itself.
fn load(path: &Path) -> Result<Pkcs11, Error> {
    static LOADED: Mutex<Vec<(PathBuf, Pkcs11)>> = Mutex::new(Vec::new());
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, module)) = loaded.iter().find(|(known, _)| known == path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path).map_err(refused)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Refused::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(refused(error)),
    }
    loaded.push((path.to_owned(), module.clone()));
    Ok(module)
}

fn identity() -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Label(LABEL.as_bytes().to_vec()),
    ]
}

/// Refuses a key that somebody could read out.
fn guard(session: &Session, key: ObjectHandle) -> Result<(), Error> {
    let wanted = [AttributeType::Sensitive, AttributeType::Extractable];
    let found = session.get_attributes(key, &wanted).map_err(refused)?;
    let safe = found.contains(&Attribute::Sensitive(true)) && found.contains(&Attribute::Extractable(false));
    if safe { Ok(()) } else { Err(Error::NotAKey) }
}

fn refused(error: Refused) -> Error {
    match error {
        Refused::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinLocked, _) => {
            Error::WrongPin
        }
        _ => Error::Module,
    }
}
