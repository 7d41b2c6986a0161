//! The XML of the part with the sheets, event by event, in little memory.

use std::cell::{Cell, RefCell};
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::read::feed::Watch;
use crate::read::package::{Inflate, Package};
use crate::read::rows::too_big;
use crate::read::{Limit, ReadError, ReadLimits};

/// The part with the sheets.
const CONTENT: &str = "content.xml";
/// Bytes between two tags, beyond 8 times those of a cell.
const PIECE_BYTES: u64 = 256 << 10;
/// Elements inside of each other: the XML reader remembers the names of all that are open.
const DEPTH_MAX: u32 = 1024;

/// Shows every event of the part with the sheets, until `each` says `false`.
pub(super) fn for_each_event(
    package: &Package,
    limits: &ReadLimits,
    watch: &Watch,
    mut each: impl FnMut(&Event<'_>) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    let member = package.open_member(CONTENT)?.ok_or_else(|| ReadError::damaged("content.xml is missing"))?;
    let ration = Rc::new(Cell::new(0));
    let most = limits.cell_bytes.saturating_mul(8).saturating_add(PIECE_BYTES);
    let failure = Rc::new(RefCell::new(None));
    let rationed = Rationed { member, left: Rc::clone(&ration), failure: Rc::clone(&failure) };
    let mut reader = Reader::from_reader(BufReader::with_capacity(64 << 10, rationed));
    let (mut buffer, mut depth) = (Vec::new(), 0_u32);
    for count in 0_u64.. {
        ration.set(most);
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(_) if failure.borrow().is_some() => break,
            Err(error) => return Err(ReadError::damaged(format!("{CONTENT} is no XML ({error})"))),
        };
        match &event {
            Event::DocType(_) => {
                return Err(ReadError::Unsupported { what: "a document type definition".to_owned() });
            }
            Event::Eof => break,
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(ReadError::damaged(format!("{CONTENT} has too many elements inside of each other")));
        }
        if !each(&event)? {
            break;
        }
        if count % 4096 == 0 {
            watch.check()?;
        }
    }
    match failure.take() {
        Some(Some(error)) => Err(error),
        Some(None) => Err(too_big(Limit::CellBytes, limits.cell_bytes, most)),
        None => Ok(()),
    }
}

/// A member of which only so much is read before the next event: else one text could fill the memory.
struct Rationed {
    member: Inflate,
    left: Rc<Cell<u64>>,
    /// Why reading failed, where it did: an error, or too long a piece.
    failure: Rc<RefCell<Option<Option<ReadError>>>>,
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            self.failure.replace(Some(None));
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        match self.member.fill(buffer) {
            Ok(size) => {
                self.left.set(self.left.get().saturating_sub(size as u64));
                Ok(size)
            }
            Err(error) => {
                self.failure.replace(Some(Some(error)));
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }
}
