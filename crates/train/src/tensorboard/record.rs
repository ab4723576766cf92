//! The bytes of an event file: protocol buffers written by hand, each in the frame of a `TFRecord`.
//!
//! A record is its length (u64), a checksum of the length, the message, a checksum of the message, all little-endian; a
//! checksum is the CRC-32C of RFC 3720 §12.1, rotated and shifted ("masked"). Field numbers are those of `event.proto`,
//! `summary.proto`, `tensor.proto` and `types.proto` of TensorFlow.

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What<'a> {
    /// The first event of every file.
    Version,
    /// What was read before of this step and later ones is void.
    Restart,
    /// A number under a name.
    Scalar(&'a str, f64),
    /// A text, in Markdown, under a name.
    Text(&'a str, &'a str),
}

/// One event as a record.
pub(super) fn record(wall_secs: f64, step: u64, what: &What<'_>) -> Vec<u8> {
    let mut event = Message::default();
    // What is zero is left out.
    if wall_secs != 0.0 {
        event.double(1, wall_secs);
    }
    if step != 0 {
        event.varint(2, step);
    }
    match what {
        What::Version => event.bytes(3, b"brain.Event:2"),
        What::Restart => event.bytes(7, &Message::of(|log| log.varint(1, 1)).0),
        What::Scalar(tag, value) => event.summary(tag, |summary| summary.float(2, *value as f32)),
        What::Text(tag, text) => event.summary(tag, |summary| {
            // A tensor of one string: its type, its shape (one axis of length 1), the string.
            let axis = Message::of(|axis| axis.varint(1, 1));
            let shape = Message::of(|shape| shape.bytes(2, &axis.0));
            let tensor = Message::of(|tensor| {
                tensor.varint(1, 7);
                tensor.bytes(2, &shape.0);
                tensor.bytes(8, text.as_bytes());
            });
            let plugin = Message::of(|plugin| plugin.bytes(1, b"text"));
            summary.bytes(8, &tensor.0);
            summary.bytes(9, &Message::of(|metadata| metadata.bytes(1, &plugin.0)).0);
        }),
    }
    framed(&event.0)
}

/// A message that grows, field by field in the order of their numbers.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn of(fill: impl FnOnce(&mut Self)) -> Self {
        let mut message = Self::default();
        fill(&mut message);
        message
    }

    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, wire_type: u64) {
        self.number(field << 3 | wire_type);
    }

    fn varint(&mut self, field: u64, value: u64) {
        self.key(field, 0);
        self.number(value);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn float(&mut self, field: u64, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.key(field, 2);
        self.number(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn summary(&mut self, tag: &str, fill: impl FnOnce(&mut Self)) {
        let value = Self::of(|value| {
            value.bytes(1, tag.as_bytes());
            fill(value);
        });
        self.bytes(5, &Self::of(|summary| summary.bytes(1, &value.0)).0);
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), message, &masked(message)].concat()
}

fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// CRC-32C, reflected, a table of one byte.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8))
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0x82f6_3b78 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // RFC 3720, appendix B.4, and the check value of the algorithm.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// The messages as TensorFlow's own protocol buffers write them (`scripts/check_tensorboard.py --golden`).
    #[test]
    fn events_are_those_of_tensorflow() {
        let golden = include_str!("golden.txt").lines().map(|line| line.split_once(' ').unwrap());
        let cases = [
            (0.0, 0, What::Version),
            (1.5, 0, What::Restart),
            (2.25, 300, What::Scalar("train/loss", 0.5)),
            (2.25, 70_000, What::Text("samples/1", "ಕನ್ನಡ **a**")),
        ];
        let mut n = 0;
        for ((name, expected), (wall_secs, step, what)) in golden.zip(cases) {
            assert_eq!(hex(&record(wall_secs, step, &what)), expected, "{name}");
            n += 1;
        }
        assert_eq!(n, 4);
    }
}
