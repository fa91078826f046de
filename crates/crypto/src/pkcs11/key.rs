//! Secret keys in a module that make authentication codes: the root, the blind index.

use super::{Module, Trouble, gone, identity};
use crate::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A secret key in a module that computes HMAC-SHA-256.
#[derive(Clone, Debug)]
pub struct ModuleMac {
    module: Arc<Module>,
    label: String,
}

impl ModuleMac {
    /// The key of a label.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] when the token holds none, [`Error::NotAKey`] when it could leave the module or there are several;
    /// [`Error::Module`].
    pub fn open(module: &Arc<Module>, label: &str) -> Result<Self, Error> {
        let name = label.to_owned();
        module.run(move |open| {
            let key = open.find(ObjectClass::SECRET_KEY, &name)?;
            guard(&open.session, key)
        })?;
        Ok(Self { module: Arc::clone(module), label: label.to_owned() })
    }

    /// Makes the key of a label.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is one; [`Error::Module`].
    pub fn make(module: &Arc<Module>, label: &str) -> Result<Self, Error> {
        let name = label.to_owned();
        module.run(move |open| {
            if !open.session.find_objects(&identity(ObjectClass::SECRET_KEY, &name))?.is_empty() {
                return Err(Error::Exists.into());
            }
            let mut template = identity(ObjectClass::SECRET_KEY, &name);
            template.extend(kept());
            template.extend([
                Attribute::KeyType(KeyType::GENERIC_SECRET),
                Attribute::Sign(true),
                Attribute::ValueLen(32.into()),
            ]);
            Ok(open.session.generate_key(&Mechanism::GenericSecretKeyGen, &template).map(drop)?)
        })?;
        Self::open(module, label)
    }

    /// HMAC-SHA-256 of a message.
    ///
    /// # Errors
    /// [`Error::ModuleGone`] when the token does not answer.
    pub fn mac(&self, message: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        let (name, message) = (self.label.clone(), Zeroizing::new(message.to_vec()));
        let code = self.module.run(move |open| {
            let key = open.find(ObjectClass::SECRET_KEY, &name)?;
            let code = Zeroizing::new(open.session.sign(&Mechanism::Sha256Hmac, key, &message)?);
            code.as_slice().try_into().map(Zeroizing::new).map_err(|_| Error::Module.into())
        });
        code.map_err(gone)
    }
}

/// What makes a private or secret key stay where it is.
pub(super) fn kept() -> [Attribute; 5] {
    [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Modifiable(false),
    ]
}

/// Refuses a key that somebody could read out.
pub(super) fn guard(session: &Session, key: ObjectHandle) -> Result<(), Trouble> {
    let found = session.get_attributes(key, &[AttributeType::Sensitive, AttributeType::Extractable])?;
    let safe = found.contains(&Attribute::Sensitive(true)) && found.contains(&Attribute::Extractable(false));
    if safe { Ok(()) } else { Err(Error::NotAKey.into()) }
}
