//! The limit: an encoder that knows these ten columns by heart, zlib-rs on all cores in chunks of 1 MiB, and a workbook of the parts
//! that no reader can do without. `limit LEVEL ROWS FILE`; level 0 encodes and keeps nothing.
//!
//! It is a yardstick, and no product: no cancellation, no shared strings, one sheet, no check of anything.

mod archive;

use std::collections::VecDeque;
use std::fs::File;
use std::hint::black_box;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail};
use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};
use orders::{HEADERS, Order, Orders};

use self::archive::Archive;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CHUNK_BYTES: usize = 1 << 20;
const BEFORE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
const AFTER: &str = "</sheetData></worksheet>";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [level, rows, file] = arguments.as_slice() else { bail!("usage: limit LEVEL ROWS FILE") };
    let (level, rows): (u32, u64) = (level.parse()?, rows.parse()?);
    if level == 0 {
        return encode(rows, |chunk| {
            black_box(&chunk);
            Ok(chunk)
        })
        .map(drop);
    }
    let mut archive = Archive::begin(File::create(file).context("the file")?)?;
    let mut threads = Threads::start(level);
    let last = encode(rows, |chunk| threads.pass(chunk, false, &mut archive))?;
    threads.pass(last, true, &mut archive)?;
    archive.finish()
}

/// Hands every full chunk to `pass`, which gives an empty one back, and gives the last.
fn encode(rows: u64, mut pass: impl FnMut(Vec<u8>) -> anyhow::Result<Vec<u8>>) -> anyhow::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4096);
    chunk.extend_from_slice(BEFORE.as_bytes());
    chunk.extend_from_slice(b"<row r=\"1\">");
    for (letter, header) in (b'A'..).zip(HEADERS) {
        put_text(&mut chunk, letter, b"1", header);
    }
    chunk.extend_from_slice(b"</row>");
    let mut failed = None;
    Orders::default().each(1, rows, |order| {
        put_row(&mut chunk, order);
        if chunk.len() >= CHUNK_BYTES {
            match pass(std::mem::take(&mut chunk)) {
                Ok(next) => {
                    chunk = next;
                    chunk.clear();
                }
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
    });
    chunk.extend_from_slice(AFTER.as_bytes());
    failed.map_or(Ok(chunk), Err)
}

fn put_row(out: &mut Vec<u8>, order: &Order<'_>) {
    let (mut row, mut digits) = (itoa::Buffer::new(), itoa::Buffer::new());
    let row = row.format(order.id + 1).as_bytes();
    out.extend_from_slice(b"<row r=\"");
    out.extend_from_slice(row);
    out.extend_from_slice(b"\"><c r=\"A");
    out.extend_from_slice(row);
    out.extend_from_slice(b"\" s=\"1\"><v>");
    out.extend_from_slice(digits.format(order.id).as_bytes());
    out.extend_from_slice(b"</v></c>");
    put_text(out, b'B', row, order.order_no);
    put_text(out, b'C', row, order.customer);
    put_text(out, b'D', row, order.city);
    put_text(out, b'E', row, order.product);
    put_money(out, b"<c r=\"F", row, order.unit_price_cents);
    put_money(out, b"<c r=\"G", row, order.total_cents);
    out.extend_from_slice(b"<c r=\"H");
    out.extend_from_slice(row);
    out.extend_from_slice(if order.gift { b"\" t=\"b\"><v>1</v></c>" } else { b"\" t=\"b\"><v>0</v></c>" });
    out.extend_from_slice(b"<c r=\"I");
    out.extend_from_slice(row);
    out.extend_from_slice(b"\" s=\"4\"><v>");
    out.extend_from_slice(ryu::Buffer::new().format_finite(order.serial()).as_bytes());
    out.extend_from_slice(b"</v></c>");
    if let Some(remark) = order.remark {
        put_text(out, b'J', row, remark);
    }
    out.extend_from_slice(b"</row>");
}

fn put_text(out: &mut Vec<u8>, letter: u8, row: &[u8], text: &str) {
    out.extend_from_slice(b"<c r=\"");
    out.push(letter);
    out.extend_from_slice(row);
    out.extend_from_slice(b"\" s=\"2\" t=\"inlineStr\"><is><t>");
    let bytes = text.as_bytes();
    if bytes.iter().any(|byte| matches!(byte, b'&' | b'<' | b'>')) {
        for byte in bytes {
            match byte {
                b'&' => out.extend_from_slice(b"&amp;"),
                b'<' => out.extend_from_slice(b"&lt;"),
                b'>' => out.extend_from_slice(b"&gt;"),
                byte => out.push(*byte),
            }
        }
    } else {
        out.extend_from_slice(bytes);
    }
    out.extend_from_slice(b"</t></is></c>");
}

fn put_money(out: &mut Vec<u8>, start: &[u8], row: &[u8], cents: i64) {
    out.extend_from_slice(start);
    out.extend_from_slice(row);
    out.extend_from_slice(b"\" s=\"3\"><v>");
    out.extend_from_slice(itoa::Buffer::new().format(cents / 100).as_bytes());
    out.extend_from_slice(&[b'.', b'0' + (cents / 10 % 10) as u8, b'0' + (cents % 10) as u8]);
    out.extend_from_slice(b"</v></c>");
}

struct Work {
    chunk: Vec<u8>,
    is_last: bool,
    reply: SyncSender<Compressed>,
}

struct Compressed {
    chunk: Vec<u8>,
    bytes: Vec<u8>,
    crc: Hasher,
}

struct Threads {
    work: SyncSender<Work>,
    pending: VecDeque<Receiver<Compressed>>,
    ahead: usize,
}

impl Threads {
    fn start(level: u32) -> Threads {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let (work, queue) = sync_channel::<Work>(2 * count);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || {
                let mut deflate = Compress::new(Compression::new(level), false);
                loop {
                    let next = queue.lock().ok().and_then(|queue| queue.recv().ok());
                    let Some(Work { chunk, is_last, reply }) = next else { return };
                    let bytes = compress(&mut deflate, &chunk, is_last);
                    let mut crc = Hasher::new();
                    crc.update(&chunk);
                    reply.send(Compressed { chunk, bytes, crc }).ok();
                }
            });
        }
        Threads { work, pending: VecDeque::new(), ahead: 2 * count }
    }

    fn pass(&mut self, chunk: Vec<u8>, is_last: bool, archive: &mut Archive) -> anyhow::Result<Vec<u8>> {
        let (reply, compressed) = sync_channel(1);
        self.work.send(Work { chunk, is_last, reply })?;
        self.pending.push_back(compressed);
        let keep = if is_last { 0 } else { self.ahead };
        let mut spare = Vec::new();
        while self.pending.len() > keep {
            let Some(next) = self.pending.pop_front() else { break };
            let Compressed { chunk, bytes, crc } = next.recv()?;
            archive.rows(&bytes, chunk.len(), &crc)?;
            spare = chunk;
        }
        Ok(spare)
    }
}

fn compress(deflate: &mut Compress, chunk: &[u8], is_last: bool) -> Vec<u8> {
    let flush = if is_last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut bytes = Vec::with_capacity(chunk.len() / 2 + 4096);
    deflate.reset();
    loop {
        let consumed = deflate.total_in() as usize;
        let status = deflate.compress_vec(&chunk[consumed..], &mut bytes, flush);
        let is_done = match status {
            Ok(Status::StreamEnd) => true,
            _ => !is_last && deflate.total_in() as usize == chunk.len() && bytes.len() < bytes.capacity(),
        };
        if is_done {
            return bytes;
        }
        bytes.reserve(chunk.len() / 4);
    }
}
