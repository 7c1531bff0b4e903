//! One request to its outcome (spec/omapi.md 7): the rules that hold for all types of objects.

use super::handles::{Handles, Numbers};
use super::kinds::{self, UNSEARCHABLE};
use super::object::{Contents, Keys, Kind, Value};
use super::objects::authenticator;
use super::world::{Object, World};
use crate::config::model::Key;
use crate::wire::omapi::{Message, Opcode, ResultCode, Values};

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A STATUS message.
    Status(ResultCode, Option<&'static str>),
    /// An UPDATE message.
    Object { handle: u32, values: Values },
    /// The connection is closed without an answer.
    Close,
}

impl Outcome {
    /// Success, and nothing else to tell.
    const DONE: Outcome = Outcome::Status(ResultCode::SUCCESS, None);

    /// The message that tells it, without ids; `None` to close the connection.
    pub fn message(self) -> Option<Message> {
        let mut message = Message::default();
        match self {
            Outcome::Status(code, text) => {
                message.op = Opcode::Status as u32;
                message.message.set_u32("result", code.0);
                if let Some(text) = text {
                    message.message.set("message", text.as_bytes());
                }
            }
            Outcome::Object { handle, values } => {
                message.op = Opcode::Update as u32;
                (message.handle, message.object) = (handle, values);
            }
            Outcome::Close => return None,
        }
        Some(message)
    }
}

/// A result code with a text.
fn failure(code: ResultCode, text: &'static str) -> Outcome {
    Outcome::Status(code, Some(text))
}

/// A request for which something has to be signed is not.
const UNSIGNED: Outcome = Outcome::Status(ResultCode::NO_KEY_SPECIFIED, Some("No authenticator on message"));

/// What an OPEN says about itself.
struct Flags {
    create: bool,
    update: bool,
    exclusive: bool,
}

impl Flags {
    fn read(values: &Values) -> Result<Flags, Outcome> {
        let flag = |name: &str, complaint| match values.present(name) {
            None => Ok(false),
            Some(octets) if octets.len() == 4 => Ok(octets.iter().any(|octet| *octet != 0)),
            Some(_) => Err(failure(ResultCode::INVALID_ARGUMENT, complaint)),
        };
        Ok(Flags {
            create: flag("create", "invalid create flag value")?,
            update: flag("update", "invalid update flag value")?,
            exclusive: flag("exclusive", "invalid exclusive flag value")?,
        })
    }
}

/// A request in hand.
pub struct Dispatch<'d> {
    pub world: &'d mut dyn World,
    /// Those of the connection.
    pub handles: &'d mut Handles,
    pub numbers: &'d mut Numbers,
    /// The key that OMAPI is restricted to.
    pub required: Option<&'d Key>,
    pub is_signed: bool,
    /// Set when an authenticator may be used from now on.
    pub activated: Option<(u32, Object)>,
    /// Set when an object has ceased to exist.
    pub removed: Option<Object>,
}

impl Dispatch<'_> {
    /// Does what a request asks.
    pub fn request(&mut self, request: &Message) -> Outcome {
        if request.rid != 0 {
            return Outcome::Close;
        }
        let opcode = Opcode::from_number(request.op);
        if self.is_barred() && opcode != Some(Opcode::Open) {
            return UNSIGNED;
        }
        match opcode {
            Some(Opcode::Open) => self.open(request).unwrap_or_else(|outcome| outcome),
            Some(Opcode::Refresh) => self.refresh(request.handle),
            Some(Opcode::Update) => self.update(request),
            Some(Opcode::Delete) => self.delete(request.handle),
            Some(Opcode::Notify) => failure(ResultCode::NOT_IMPLEMENTED, "notify not implemented yet"),
            Some(Opcode::Status) | None => Outcome::Close,
        }
    }

    /// A key is required, and there is no signature.
    fn is_barred(&self) -> bool {
        self.required.is_some() && !self.is_signed
    }

    fn open(&mut self, request: &Message) -> Result<Outcome, Outcome> {
        let name = request.message.present("type");
        let kind = name.and_then(kinds::named);
        let is_authenticator = kind.is_some_and(|kind| kind.name == authenticator::KIND.name);
        if self.is_barred() && !is_authenticator {
            return Err(UNSIGNED);
        }
        let flags = Flags::read(&request.message)?;
        let Some(kind) = kind else { return Err(self.open_nothing(request, name, &flags)) };
        let found = match (kind.find)(self.world, &Keys::new(kind.name, &request.object, self.numbers)) {
            Ok(object) => Some(object),
            Err(ResultCode::NOT_FOUND) if !flags.create => {
                return Err(failure(ResultCode::NOT_FOUND, "no object matches specification"));
            }
            Err(ResultCode::NOT_FOUND | ResultCode::NO_KEY_SPECIFIED) => None,
            Err(code) => return Err(failure(code, "object lookup failed")),
        };
        if found.is_some() && flags.create && flags.exclusive {
            return Err(failure(ResultCode::ALREADY_EXISTS, "specified object already exists"));
        }
        let is_written = flags.create || flags.update;
        if is_written && !self.is_own(&request.object) {
            return Err(failure(ResultCode::NOT_FOUND, "no object matches specification"));
        }
        let object = match found {
            Some(object) => {
                if is_written {
                    self.write(kind, &object, request).map_err(|code| failure(code, "can't update object"))?;
                }
                Some(object)
            }
            None => self.create(kind, request, is_written)?,
        };
        if is_authenticator {
            self.select(object.as_ref())?;
        }
        Ok(self.show(kind, object))
    }

    /// An OPEN of no type, or of one that nothing is found by.
    fn open_nothing(&mut self, request: &Message, name: Option<&[u8]>, flags: &Flags) -> Outcome {
        if name.is_some_and(|name| UNSEARCHABLE.iter().any(|known| known.as_bytes() == name)) {
            return failure(ResultCode::NOT_IMPLEMENTED, "unsearchable object type");
        }
        if flags.create {
            return failure(ResultCode::INVALID_ARGUMENT, "type required on create");
        }
        self.refresh(request.handle)
    }

    /// A new object; `None` for one without attributes, which is gone as soon as it is shown.
    fn create(&mut self, kind: &Kind, request: &Message, is_written: bool) -> Result<Option<Object>, Outcome> {
        let refusal = match kind.blank {
            Some(_) if !is_written => return Ok(None),
            Some(_) if request.object.is_empty() => {
                return Err(failure(ResultCode::INVALID_ARGUMENT, "can't update object"));
            }
            Some(_) => "can't update object",
            None => "can't create new object",
        };
        (kind.create)(self.world, &request.object).map(Some).map_err(|code| failure(code, refusal))
    }

    fn write(&mut self, kind: &Kind, object: &Object, request: &Message) -> Result<(), ResultCode> {
        if request.object.is_empty() {
            return Err(ResultCode::INVALID_ARGUMENT);
        }
        (kind.update)(self.world, object, &request.object, request.handle)
    }

    /// An authenticator may be used, unless OMAPI is restricted to another key.
    fn select(&mut self, object: Option<&Object>) -> Result<(), Outcome> {
        let Some(object) = object else { return Ok(()) };
        let authid = self.handles.number(object, self.numbers);
        match (object, self.required) {
            (Object::Authenticator(name), Some(required)) if *name != required.name => {
                Err(failure(ResultCode::INVALID_TSIG_KEY, "can't select authenticator"))
            }
            _ => {
                self.activated = Some((authid, object.clone()));
                Ok(())
            }
        }
    }

    /// The answer that shows an object.
    fn show(&mut self, kind: &Kind, object: Option<Object>) -> Outcome {
        let contents = object.as_ref().and_then(|object| (kind.contents)(self.world, object));
        match (object, contents, kind.blank) {
            (Some(object), Some(contents), _) => {
                let handle = self.handles.number(&object, self.numbers);
                Outcome::Object { handle, values: self.values(contents) }
            }
            (_, _, Some(blank)) => {
                let handle = self.numbers.next_number();
                Outcome::Object { handle, values: self.values(blank()) }
            }
            _ => failure(ResultCode::NOT_FOUND, "no object matches specification"),
        }
    }

    /// Attributes as octets; objects referred to get their handles in this order.
    fn values(&mut self, contents: Contents) -> Values {
        let mut values = Values::new();
        for (name, value) in contents {
            match value {
                Value::Int(number) => values.set_u32(&*name, number),
                Value::Bytes(octets) => values.set(&*name, octets),
                Value::Reference(object) => values.set_u32(&*name, self.handles.number(&object, self.numbers)),
            }
        }
        values
    }

    /// True unless the object to be written is named by a handle of another connection.
    fn is_own(&self, keys: &Values) -> bool {
        let handle = keys.get_u32("handle");
        handle.is_none_or(|handle| self.handles.object(handle).is_some() || self.numbers.object(handle).is_none())
    }

    /// An object of a handle, if it still exists, and what it publishes.
    fn existing(&mut self, object: Option<Object>) -> Result<(Object, Contents), Outcome> {
        let contents = object.as_ref().and_then(|object| (kinds::of(object).contents)(self.world, object));
        match object.zip(contents) {
            Some(found) => Ok(found),
            None => Err(failure(ResultCode::NOT_FOUND, "no matching handle")),
        }
    }

    /// The object of a handle that is to be changed.
    fn own(&mut self, handle: u32) -> Result<(Object, Contents), Outcome> {
        self.existing(self.handles.object(handle).cloned())
    }

    fn refresh(&mut self, handle: u32) -> Outcome {
        match self.existing(self.numbers.object(handle).cloned()) {
            Ok((_, contents)) => Outcome::Object { handle, values: self.values(contents) },
            Err(outcome) => outcome,
        }
    }

    fn update(&mut self, request: &Message) -> Outcome {
        match self.own(request.handle) {
            Ok((Object::Authenticator(_), _)) => failure(ResultCode::SUCCESS, "cannot update authenticator"),
            Ok((object, _)) => match self.write(kinds::of(&object), &object, request) {
                Ok(()) => Outcome::DONE,
                Err(code) => failure(code, "can't update object"),
            },
            Err(outcome) => outcome,
        }
    }

    fn delete(&mut self, handle: u32) -> Outcome {
        match self.own(handle) {
            Ok((Object::Authenticator(_), _)) => failure(ResultCode::NOT_IMPLEMENTED, "no remove method for object"),
            Ok((object, _)) => match (kinds::of(&object).remove)(self.world, &object) {
                Ok(()) => {
                    // An interface that is not served any more is still one.
                    if (kinds::of(&object).contents)(self.world, &object).is_none() {
                        self.removed = Some(object);
                    }
                    Outcome::DONE
                }
                Err(code) => Outcome::Status(code, None),
            },
            Err(outcome) => outcome,
        }
    }
}
