//! Translation memories: TMX 1.4b (Localization Industry Standards Association, 2005).
//!
//! A unit `<tu>` gives a pair if it has a `<tuv>` in each of the two languages; of two in the same
//! language the first counts. Highlighting (`<hi>`) and unknown elements within a `<seg>` are dropped
//! and their text is kept. `<bpt>`, `<ept>`, `<it>`, `<ph>` and `<ut>` hold the codes of some text
//! processor, not text, and are dropped whole. Character references and the five entities of XML are
//! resolved; a file that declares entities of its own is refused.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::columns::Columns;
use super::lines::{is_odd_line, too_long};
use super::stream::{TextStream, fault_of};
use super::{Limits, Sink, one_line};
use crate::error::DataError;

/// Elements whose text is not language.
const CODES: [&str; 5] = ["bpt", "ept", "it", "ph", "ut"];
/// Elements within elements: TMX needs seven or so.
const MAX_DEPTH: usize = 64;
/// Other languages that a message names.
const MAX_LANGUAGES: usize = 8;

/// Reads a translation memory and gives the number of its lines.
pub(super) fn read(
    path: &Path,
    columns: &Columns<'_>,
    limits: &Limits,
    sink: &mut Sink<'_>,
) -> Result<usize, DataError> {
    let stream = BufReader::new(TextStream::open(path, limits)?);
    let mut xml = Reader::from_reader(Counted { stream, lines: 0, since_event: 0, path, limits });
    xml.config_mut().expand_empty_elements = true;
    let mut place =
        Place { path, limits, columns, depth: 0, unit: None, side: None, seg: None, others: vec![] };
    let mut buffer = Vec::new();
    let (mut units, before) = (0, sink.pairs);
    loop {
        buffer.clear();
        xml.get_mut().since_event = 0;
        let event = xml.read_event_into(&mut buffer);
        let line = xml.get_ref().lines + 1;
        let wrong = |message: String| DataError::Xml { path: path.to_path_buf(), line, message };
        match event.map_err(|error| xml_fault(path, line, error))? {
            Event::Start(tag) => place.open(&tag, line)?,
            Event::End(_) => {
                if let Some(unit) = place.close() {
                    units += 1;
                    emit(unit, sink)?;
                }
            }
            Event::Text(text) => place.text(&text.xml10_content(), line)?,
            Event::CData(text) => place.text(&text.xml10_content(), line)?,
            Event::GeneralRef(name) if place.in_text() => {
                let c = character(&name).ok_or_else(|| wrong(format!("unknown entity '&{};'", &*name)))?;
                place.text(c.encode_utf8(&mut [0; 4]), line)?;
            }
            Event::DocType(declared) if declared.contains('[') => {
                return Err(wrong("it declares entities or elements of its own".to_owned()));
            }
            Event::Eof if place.depth > 0 => return Err(wrong("it ends within an element".to_owned())),
            Event::Eof => break,
            _ => {}
        }
    }
    if units > 0 && sink.pairs == before {
        let [src, tgt] = columns.languages.map(str::to_owned);
        let found = place.others.join(", ");
        return Err(DataError::NoUnits { path: path.to_path_buf(), units, src, tgt, found });
    }
    Ok(xml.get_ref().lines)
}

/// What the character behind a reference is, if it is one of XML's own.
fn character(name: &BytesRef<'_>) -> Option<char> {
    match &**name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => name.resolve_char_ref().ok().flatten(),
    }
}

fn emit(unit: Unit, sink: &mut Sink<'_>) -> Result<(), DataError> {
    let [Some(src), Some(tgt)] = unit.sides else {
        sink.notes.skipped_units += 1;
        return Ok(());
    };
    let [src, tgt] = [src, tgt].map(|side| one_line(side, &mut sink.notes));
    sink.notes.odd_lines += usize::from(is_odd_line(&src)) + usize::from(is_odd_line(&tgt));
    sink.pair(src, tgt, unit.line)
}

fn xml_fault(path: &Path, line: usize, error: quick_xml::Error) -> DataError {
    if let quick_xml::Error::Io(error) = error {
        let error = Arc::try_unwrap(error).unwrap_or_else(|shared| io::Error::other(shared.to_string()));
        return fault_of(path, error);
    }
    let message = match error {
        quick_xml::Error::Encoding(_) => "it is not in utf-8".to_owned(),
        other => other.to_string(),
    };
    DataError::Xml { path: path.to_path_buf(), line, message }
}

/// A unit as far as it was read.
struct Unit {
    line: usize,
    depth: usize,
    sides: [Option<String>; 2],
}

/// Where in the file the reader is.
struct Place<'a> {
    path: &'a Path,
    limits: &'a Limits,
    columns: &'a Columns<'a>,
    /// Number of open elements.
    depth: usize,
    unit: Option<Unit>,
    /// The side of the open `<tuv>`, if its language is one of the two, and the depth of the element.
    side: Option<(usize, usize)>,
    seg: Option<Seg>,
    /// Some languages that are neither.
    others: Vec<String>,
}

/// The open `<seg>`.
struct Seg {
    text: String,
    depth: usize,
    /// The depth of the outermost code that is open.
    code_depth: Option<usize>,
}

impl Place<'_> {
    fn open(&mut self, tag: &BytesStart<'_>, line: usize) -> Result<(), DataError> {
        self.depth += 1;
        let local = tag.local_name();
        let name: &str = local.as_ref();
        let fault = |message: String| DataError::Xml { path: self.path.to_path_buf(), line, message };
        if self.depth == 1 && name != "tmx" {
            return Err(fault(format!("it starts with <{name}>, expected <tmx>")));
        }
        if self.depth > MAX_DEPTH {
            return Err(fault(format!("its elements stand {} deep in each other", self.depth)));
        }
        if let Some(seg) = &mut self.seg {
            if seg.code_depth.is_none() && CODES.contains(&name) {
                seg.code_depth = Some(self.depth);
            }
            return Ok(());
        }
        match (name, &self.unit, self.side) {
            ("tu", None, _) => {
                let line = line - tag.bytes().filter(|byte| *byte == b'\n').count();
                self.unit = Some(Unit { line, depth: self.depth, sides: [None, None] });
            }
            ("tuv", Some(_), None) => {
                let code = language(tag).map_err(|error| fault(error.to_string()))?;
                self.start_side(&code);
            }
            ("seg", Some(_), Some(_)) => {
                self.seg = Some(Seg { text: String::new(), depth: self.depth, code_depth: None });
            }
            _ => {}
        }
        Ok(())
    }

    fn start_side(&mut self, code: &str) {
        let Some(side) = self.columns.side_of(code) else {
            let few = self.others.len() < MAX_LANGUAGES;
            if few && !code.is_empty() && self.others.iter().all(|other| other != code) {
                self.others.push(code.to_owned());
            }
            return;
        };
        let is_first = self.unit.as_ref().is_some_and(|unit| unit.sides[side].is_none());
        self.side = is_first.then_some((side, self.depth));
    }

    /// Leaves an element; the unit, if it is complete with that.
    fn close(&mut self) -> Option<Unit> {
        let depth = self.depth;
        self.depth -= 1;
        if let Some(seg) = &mut self.seg {
            if seg.code_depth == Some(depth) {
                seg.code_depth = None;
            }
            if seg.depth == depth {
                let text = self.seg.take().map(|seg| seg.text);
                if let (Some(unit), Some((side, _))) = (&mut self.unit, self.side) {
                    unit.sides[side] = text;
                }
            }
            return None;
        }
        self.side = self.side.filter(|(_, tuv_depth)| *tuv_depth != depth);
        self.unit.take_if(|unit| unit.depth == depth)
    }

    fn in_text(&self) -> bool {
        self.seg.as_ref().is_some_and(|seg| seg.code_depth.is_none())
    }

    fn text(&mut self, text: &str, line: usize) -> Result<(), DataError> {
        if let Some(seg) = self.seg.as_mut().filter(|seg| seg.code_depth.is_none()) {
            seg.text.push_str(text);
            if seg.text.len() > self.limits.max_line_bytes {
                return Err(too_long(self.path, line, self.limits.max_line_bytes));
            }
        }
        Ok(())
    }
}

/// The language of a `<tuv>`: `xml:lang`, or `lang` as before TMX 1.4; empty without one.
fn language(tag: &BytesStart<'_>) -> Result<String, quick_xml::Error> {
    for name in ["xml:lang", "lang"] {
        if let Some(attribute) = tag.try_get_attribute(name)? {
            return Ok(attribute.value.trim().to_owned());
        }
    }
    Ok(String::new())
}

/// Counts the lines that the parser has taken, and keeps one event from filling the memory.
struct Counted<'a> {
    stream: BufReader<TextStream>,
    lines: usize,
    since_event: usize,
    path: &'a Path,
    limits: &'a Limits,
}

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.fill_buf()?.read(out)?;
        self.consume(got);
        Ok(got)
    }
}

impl BufRead for Counted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let limit = self.limits.max_line_bytes;
        if self.since_event > limit {
            return Err(io::Error::other(too_long(self.path, self.lines + 1, limit)));
        }
        self.stream.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.lines += self.stream.buffer()[..bytes].split(|byte| *byte == b'\n').count() - 1;
        self.since_event += bytes;
        self.stream.consume(bytes);
    }
}
