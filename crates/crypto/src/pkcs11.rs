//! Keys in a key store module (PKCS#11 3.0): found by label, neither readable nor extractable.
//!
//! A [`Module`] is one token, logged in. When the token goes away in the middle of work, every call fails with one clear error
//! ([`Error::ModuleGone`]), and each further call tries to open it anew: first a new session, then the module itself from the
//! start. A PIN that the token once refused is not tried again, since tokens lock after a few wrong ones. A module that hangs is waited
//! for no longer than some seconds ([`desk`]).

use crate::Error;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Refused, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use zeroize::Zeroizing;

mod desk;
mod key;
mod pair;
pub use key::ModuleMac;
pub use pair::ModulePair;

/// The label of the root key in its token.
pub const ROOT: &str = "lionrock root";

/// One token of a module, logged in for as long as it answers.
pub struct Module {
    library: PathBuf,
    token: String,
    pin: Zeroizing<String>,
    desk: desk::Desk,
    /// While the token is away, one call tries to open it and the others fail at once.
    gone: AtomicBool,
    /// The token refused the PIN.
    locked: AtomicBool,
}

/// A session, and the objects found in it.
struct Open {
    session: Session,
    slot: Slot,
    context: Pkcs11,
    found: Vec<(ObjectClass, String, ObjectHandle)>,
}

/// Why a piece of work in a session failed: for a reason of ours, or because the module refused.
enum Trouble {
    Ours(Error),
    Module(Refused),
}

impl From<Refused> for Trouble {
    fn from(error: Refused) -> Self {
        Self::Module(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Ours(error) => error,
            Trouble::Module(_) if is_wrong_pin(&trouble) => Self::WrongPin,
            Trouble::Module(_) => Self::Module,
        }
    }
}

const fn is_wrong_pin(trouble: &Trouble) -> bool {
    use RvError::{PinIncorrect, PinInvalid, PinLenRange, PinLocked};
    matches!(trouble, Trouble::Module(Refused::Pkcs11(PinIncorrect | PinInvalid | PinLenRange | PinLocked, _)))
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Module({:?})", self.token)
    }
}

impl Module {
    /// Logs in to a token.
    ///
    /// # Errors
    /// [`Error::Module`] when module or token cannot be used, [`Error::WrongPin`].
    pub fn open(library: &Path, token: &str, pin: Zeroizing<String>) -> Result<Arc<Self>, Error> {
        let module = Self {
            library: library.to_owned(),
            token: token.to_owned(),
            pin,
            desk: desk::Desk::default(),
            gone: AtomicBool::new(false),
            locked: AtomicBool::new(false),
        };
        let module = Arc::new(module);
        module.run(|_| Ok(()))?;
        Ok(module)
    }

    /// Whether the token offers a mechanism.
    fn offers(self: &Arc<Self>, mechanism: MechanismType) -> Result<bool, Error> {
        self.run(move |open| Ok(open.context.get_mechanism_list(open.slot)?.contains(&mechanism)))
    }

    /// Destroys a key, both halves of a pair; nothing when there is none.
    ///
    /// # Errors
    /// [`Error::Module`] when the token does not do it.
    pub fn destroy(self: &Arc<Self>, label: &str) -> Result<(), Error> {
        let label = label.to_owned();
        self.run(move |open| {
            open.found.retain(|(_, known, _)| *known != label);
            for class in [ObjectClass::SECRET_KEY, ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
                for object in open.session.find_objects(&identity(class, &label))? {
                    open.session.destroy_object(object)?;
                }
            }
            Ok(())
        })
    }

    /// Does work in a session. When it fails the session is made anew and the work tried again, then the whole module.
    fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Fn(&mut Open) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Error> {
        // While the token is away one call tries, and the others fail at once.
        if self.gone.load(Ordering::Relaxed) && self.desk.is_busy() {
            return Err(Error::Module);
        }
        if self.locked.load(Ordering::Relaxed) {
            return Err(Error::WrongPin);
        }
        let module = Arc::clone(self);
        let served = self.desk.serve(move |open| {
            let done = module.attempt(open, &work);
            let away = matches!(done, Err(Trouble::Module(_))) && open.is_none();
            (done.map_err(Error::from), away)
        });
        let Ok((done, away)) = served else {
            self.gone.store(true, Ordering::Relaxed);
            return Err(Error::Module);
        };
        self.gone.store(away, Ordering::Relaxed);
        if matches!(done, Err(Error::WrongPin)) {
            self.locked.store(true, Ordering::Relaxed);
        }
        done
    }

    fn attempt<T>(
        &self,
        slot: &mut Option<Open>,
        work: &impl Fn(&mut Open) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let library = Library::load(&self.library)?;
        // Some modules show an empty token instead of none.
        let mut emptied = false;
        if let Some(open) = slot {
            let _using = library.in_use.read().unwrap_or_else(PoisonError::into_inner);
            match work(open) {
                Err(Trouble::Module(_)) => {}
                Err(Trouble::Ours(Error::NoSuchKey)) => emptied = true,
                done => return done,
            }
        }
        for restart in [false, true] {
            // The old session ends before its module does.
            *slot = None;
            if restart {
                library.restart()?;
            }
            let _using = library.in_use.read().unwrap_or_else(PoisonError::into_inner);
            let done = self.log_in(&library.context).and_then(|open| work(slot.insert(open)));
            match done {
                Err(trouble @ Trouble::Module(_)) if restart || is_wrong_pin(&trouble) => {
                    *slot = None;
                    return Err(trouble);
                }
                Err(Trouble::Module(_)) => {}
                Err(Trouble::Ours(Error::NoSuchKey)) if emptied && !restart => {}
                done => return done,
            }
        }
        Err(Trouble::Ours(Error::Module))
    }

    fn log_in(&self, context: &Pkcs11) -> Result<Open, Trouble> {
        let named = |slot: &Slot| context.get_token_info(*slot).is_ok_and(|info| info.label().trim() == self.token);
        let slot = context.get_slots_with_token()?.into_iter().find(named);
        let slot = slot.ok_or(Trouble::Module(Refused::InvalidValue))?;
        let session = context.open_rw_session(slot)?;
        let pin = AuthPin::new(self.pin.as_str().into());
        match session.login(UserType::User, Some(&pin)) {
            // The whole process is logged in to a token, or nobody in it.
            Ok(()) | Err(Refused::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {
                Ok(Open { session, slot, context: context.clone(), found: Vec::new() })
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Open {
    /// The one object of a class and label.
    fn find(&mut self, class: ObjectClass, label: &str) -> Result<ObjectHandle, Trouble> {
        if let Some((.., found)) = self.found.iter().find(|(of, name, _)| *of == class && name == label) {
            return Ok(*found);
        }
        match self.session.find_objects(&identity(class, label))?.as_slice() {
            [found] => {
                self.found.push((class, label.to_owned(), *found));
                Ok(*found)
            }
            [] => Err(Error::NoSuchKey.into()),
            // Which of them is meant, nobody could say.
            _ => Err(Error::NotAKey.into()),
        }
    }
}

/// A loaded module. It is loaded once in a process and stays, since it keeps its state in itself.
#[derive(Clone)]
struct Library {
    path: PathBuf,
    context: Pkcs11,
    /// Held for writing while the module starts again: nobody may be inside of it.
    in_use: Arc<RwLock<()>>,
}

impl Library {
    fn load(path: &Path) -> Result<Self, Trouble> {
        static LOADED: Mutex<Vec<Library>> = Mutex::new(Vec::new());
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = loaded.iter().find(|library| library.path == path) {
            return Ok(library.clone());
        }
        let library = Self { path: path.to_owned(), context: Pkcs11::new(path)?, in_use: Arc::default() };
        library.start()?;
        loaded.push(library.clone());
        Ok(library)
    }

    fn start(&self) -> Result<(), Trouble> {
        match self.context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Refused::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn restart(&self) -> Result<(), Trouble> {
        // Somebody else is inside of it, perhaps for ever: it cannot be ended under them.
        let Ok(_alone) = self.in_use.try_write() else { return Err(Error::Module.into()) };
        // A module that cannot end has not begun: either way the next line decides.
        drop(self.context.clone().finalize());
        self.start()
    }
}

fn identity(class: ObjectClass, label: &str) -> Vec<Attribute> {
    vec![Attribute::Class(class), Attribute::Label(label.as_bytes().to_vec())]
}

/// What goes wrong with a key that was there at the start: its module is away.
const fn gone(error: Error) -> Error {
    match error {
        Error::WrongPin => Error::WrongPin,
        _ => Error::ModuleGone,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests;
