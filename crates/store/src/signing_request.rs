//! Tables `signing_request` and `signing_part`: what services want signed, and the pieces of documents while they are needed.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::{ResidentId, SigningRequestId};
use lionrock_model::signing::{Form, State};
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO signing_request (id, version, service, resident, form, state, handle, token, announced, received, \
                      sealed_body, created_at, changed_at, expires_at) \
                      VALUES ($1, 1, $2, $3, $4, 'requested', $5, $6, $7, 0, $8, $9, $9, $10)";
const FIND: &str = "SELECT id, version, service, resident, form, state, handle, token, announced, received, sealed_body, created_at, \
                    changed_at, expires_at FROM signing_request WHERE id = $1";
const BY_HANDLE: &str = "SELECT id, version, service, resident, form, state, handle, token, announced, received, sealed_body, \
                         created_at, changed_at, expires_at FROM signing_request WHERE handle = $1";
const STEP: &str = "UPDATE signing_request SET version = version + 1, state = $3, resident = $4, sealed_body = $5, changed_at = $6, \
                    expires_at = $7 WHERE id = $1 AND version = $2";
const MOVE: &str = "UPDATE signing_request SET version = version + 1, handle = $3, sealed_body = $4, changed_at = $5, expires_at = $6 \
                    WHERE id = $1 AND version = $2";
const RECEIVE: &str =
    "UPDATE signing_request SET received = $3 WHERE id = $1 AND received = $2 AND state = 'requested'";
const PIECE: &str =
    "INSERT INTO signing_part (id, request, kind, number, sealed_piece, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const PIECES: &str = "SELECT id, sealed_piece FROM signing_part WHERE request = $1 AND kind = $2 AND number >= $3 \
                      ORDER BY number LIMIT $4";
const COUNT: &str = "SELECT COUNT(*) FROM signing_part WHERE request = $1 AND kind = $2";
const CLEAR: &str = "DELETE FROM signing_part WHERE id IN (SELECT id FROM signing_part WHERE request = $1 LIMIT $2)";
const CLEAR_KIND: &str =
    "DELETE FROM signing_part WHERE id IN (SELECT id FROM signing_part WHERE request = $1 AND kind = $2 LIMIT $3)";
const CUT: &str = "DELETE FROM signing_part WHERE request = $1 AND kind = $2 AND number >= $3";
const AGAIN: &str = "UPDATE signing_request SET received = 0 WHERE id = $1 AND received = $2 AND state = 'requested'";
const LEFT: &str = "SELECT id FROM signing_request WHERE state IN ('delivered', 'refused', 'expired') AND EXISTS (SELECT 1 FROM \
                    signing_part WHERE signing_part.request = signing_request.id) LIMIT $1";
const OVERDUE: &str = "SELECT id, version, service, resident, form, state, handle, token, announced, received, sealed_body, created_at, \
                       changed_at, expires_at FROM signing_request WHERE expires_at <= $1 AND state NOT IN ('delivered', 'refused', \
                       'expired') ORDER BY expires_at LIMIT $2";

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id, which the service knows.
    pub id: SigningRequestId,
    /// One more with each step; also the version its body is sealed at.
    pub version: i64,
    /// Who asks.
    pub service: String,
    /// Who is to sign: named by the service, or whoever opened it.
    pub resident: Option<ResidentId>,
    /// What comes out.
    pub form: Form,
    /// Where it stands.
    pub state: State,
    /// Imprint of the random word in its address.
    pub handle: [u8; 32],
    /// Imprint of the service's token.
    pub token: [u8; 32],
    /// Bytes of the document, as announced.
    pub announced: i64,
    /// Bytes that came.
    pub received: i64,
    /// What the request says.
    pub sealed_body: Vec<u8>,
    /// When it was made.
    pub created: Millis,
    /// When it last took a step.
    pub changed: Millis,
    /// When its time is over.
    pub expires: Millis,
}

/// What pieces are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The document as the service sent it.
    Document,
    /// What comes out.
    Result,
    /// The evidence, for the service.
    Evidence,
}

impl Kind {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Result => "result",
            Self::Evidence => "evidence",
        }
    }
}

/// Keeps a new request.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Request) -> Result<(), Error> {
    let values = [
        Value::from(new.id.as_bytes()),
        Value::from(new.service.as_str()),
        Value::from(new.resident.map(|id| id.as_bytes().to_vec())),
        Value::from(new.form.word()),
        Value::from(new.handle),
        Value::from(new.token),
        Value::from(new.announced),
        Value::from(&new.sealed_body),
        Value::from(new.created),
        Value::from(new.expires),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// A request.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: SigningRequestId) -> Result<Option<Request>, Error> {
    tx.first(FIND, &[Value::from(id.as_bytes())])?.map(|row| read(&row)).transpose()
}

/// The request of an address.
///
/// # Errors
/// Of the store.
pub fn by_handle(tx: &mut Tx<'_>, handle: &[u8; 32]) -> Result<Option<Request>, Error> {
    tx.first(BY_HANDLE, &[Value::from(*handle)])?.map(|row| read(&row)).transpose()
}

/// Takes a step: `next` differs from what is stored in state, person, body and times, and carries the version that is stored. False
/// when somebody else took one first, or when it may not follow.
///
/// # Errors
/// Of the store.
pub fn step(tx: &mut Tx<'_>, from: &Request, next: &Request) -> Result<bool, Error> {
    if from.state != next.state && !from.state.leads_to(next.state) {
        return Ok(false);
    }
    let values = [
        Value::from(from.id.as_bytes()),
        Value::from(from.version),
        Value::from(next.state.word()),
        Value::from(next.resident.map(|id| id.as_bytes().to_vec())),
        Value::from(&next.sealed_body),
        Value::from(next.changed),
        Value::from(next.expires),
    ];
    Ok(tx.execute(STEP, &values)? == 1)
}

/// Gives a request another address, with its body and times as they are in `next`. False when somebody else took a step first.
///
/// # Errors
/// Of the store.
pub fn readdress(tx: &mut Tx<'_>, from: &Request, next: &Request) -> Result<bool, Error> {
    let values = [
        Value::from(from.id.as_bytes()),
        Value::from(from.version),
        Value::from(next.handle),
        Value::from(&next.sealed_body),
        Value::from(next.changed),
        Value::from(next.expires),
    ];
    Ok(tx.execute(MOVE, &values)? == 1)
}

/// Notes that `more` bytes came. False when others came at the same time, or the request is past receiving.
///
/// # Errors
/// Of the store.
pub fn receive(tx: &mut Tx<'_>, row: &Request, more: i64) -> Result<bool, Error> {
    let values = [Value::from(row.id.as_bytes()), Value::from(row.received), Value::from(row.received + more)];
    Ok(tx.execute(RECEIVE, &values)? == 1)
}

/// Keeps a piece.
///
/// # Errors
/// Of the store.
pub fn keep(
    tx: &mut Tx<'_>,
    id: &[u8; 16],
    request: SigningRequestId,
    kind: Kind,
    number: u32,
    sealed: &[u8],
    now: Millis,
) -> Result<(), Error> {
    let values = [id.into(), request.as_bytes().into(), kind.word().into(), number.into(), sealed.into(), now.into()];
    tx.execute(PIECE, &values).map(drop)
}

/// A sealed piece by its id.
pub type Piece = ([u8; 16], Vec<u8>);

/// Pieces in order, from one on, at most so many: id and sealed bytes of each.
///
/// # Errors
/// Of the store.
pub fn pieces(
    tx: &mut Tx<'_>,
    request: SigningRequestId,
    kind: Kind,
    from: u32,
    most: u32,
) -> Result<Vec<Piece>, Error> {
    let values = [request.as_bytes().into(), kind.word().into(), from.into(), most.into()];
    tx.query(PIECES, &values)?.iter().map(|row| Ok((row.array(0)?, row.bytes(1)?.to_vec()))).collect()
}

/// How many pieces there are.
///
/// # Errors
/// Of the store.
pub fn count(tx: &mut Tx<'_>, request: SigningRequestId, kind: Kind) -> Result<u32, Error> {
    let count = tx.first(COUNT, &[request.as_bytes().into(), kind.word().into()])?.map_or(Ok(0), |row| row.int(0))?;
    u32::try_from(count).map_err(|_| Error::corrupt("signing_part.number"))
}

/// Pieces that one transaction removes at most: a large document goes in several, so that others get their turn.
pub const ROUND: u32 = 128;

/// Removes pieces of a request, at most [`ROUND`]; returns how many. When it was as many there may be more.
///
/// # Errors
/// Of the store.
pub fn clear(tx: &mut Tx<'_>, request: SigningRequestId) -> Result<u64, Error> {
    tx.execute(CLEAR, &[request.as_bytes().into(), ROUND.into()])
}

/// Removes pieces of one kind, at most [`ROUND`]; returns how many.
///
/// # Errors
/// Of the store.
pub fn clear_kind(tx: &mut Tx<'_>, request: SigningRequestId, kind: Kind) -> Result<u64, Error> {
    tx.execute(CLEAR_KIND, &[request.as_bytes().into(), kind.word().into(), ROUND.into()])
}

/// Removes the pieces from a number on: what a part that is sent again leaves behind.
///
/// # Errors
/// Of the store.
pub fn cut(tx: &mut Tx<'_>, request: SigningRequestId, kind: Kind, from: u32) -> Result<u64, Error> {
    tx.execute(CUT, &[request.as_bytes().into(), kind.word().into(), from.into()])
}

/// Nothing came: the document was another one than announced, and is sent anew. False when others came at the same time.
///
/// # Errors
/// Of the store.
pub fn again(tx: &mut Tx<'_>, row: &Request) -> Result<bool, Error> {
    Ok(tx.execute(AGAIN, &[row.id.as_bytes().into(), row.received.into()])? == 1)
}

/// Requests that are over and still have pieces.
///
/// # Errors
/// Of the store.
pub fn left(tx: &mut Tx<'_>, most: u32) -> Result<Vec<SigningRequestId>, Error> {
    let wrong = |_| Error::corrupt("signing_request.id");
    tx.query(LEFT, &[most.into()])?
        .iter()
        .map(|row| SigningRequestId::from_bytes(row.bytes(0)?).map_err(wrong))
        .collect()
}

/// Requests whose time was over by `now` and that were not ended yet.
///
/// # Errors
/// Of the store.
pub fn overdue(tx: &mut Tx<'_>, now: Millis, most: u32) -> Result<Vec<Request>, Error> {
    tx.query(OVERDUE, &[now.into(), most.into()])?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Request, Error> {
    let wrong = |what: &str| Error::corrupt(format!("signing_request.{what}"));
    let resident = row.opt_array::<16>(3)?;
    Ok(Request {
        id: SigningRequestId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        version: row.int(1)?,
        service: row.text(2)?.to_owned(),
        resident: resident.map(|id| ResidentId::from_bytes(&id)).transpose().map_err(|_| wrong("resident"))?,
        form: Form::from_word(row.text(4)?).ok_or_else(|| wrong("form"))?,
        state: State::from_word(row.text(5)?).ok_or_else(|| wrong("state"))?,
        handle: row.array(6)?,
        token: row.array(7)?,
        announced: row.int(8)?,
        received: row.int(9)?,
        sealed_body: row.bytes(10)?.to_vec(),
        created: Millis(row.int(11)?),
        changed: Millis(row.int(12)?),
        expires: Millis(row.int(13)?),
    })
}
