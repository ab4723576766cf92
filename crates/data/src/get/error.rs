//! What can go wrong between an address and an aligned corpus: one variant a fault, each with a next step.

use std::io;
use std::path::{Path, PathBuf};

/// A fault in a recipe, a download, an archive or the lock.
///
/// After any of them no corpus directory and no lock entry is left that is not whole; a download that
/// broke off stays as `.part` and is continued by the next call.
#[derive(thiserror::Error, Debug)]
pub enum GetError {
    /// No recipe has the name.
    #[error(
        "no recipe is called '{name}'; take one of {known}, or opus:<corpus>:<version>, or give --url and --sha256"
    )]
    UnknownRecipe {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The text is not a pair of language codes.
    #[error("'{text}' is not a pair of languages; write two codes with a hyphen, like en-kn")]
    BadLanguages {
        /// The text.
        text: String,
    },
    /// The source has nothing in a language.
    #[error(
        "recipe '{name}' is not known to have '{language}'; give the code of the source itself, or choose another recipe"
    )]
    NoSuchLanguage {
        /// The recipe.
        name: String,
        /// The language.
        language: String,
    },
    /// A value of a user's own recipe cannot be used.
    #[error("{what} is '{got}', expected {expected}; correct it")]
    BadValue {
        /// What the value is for.
        what: &'static str,
        /// The value.
        got: String,
        /// What it should look like.
        expected: &'static str,
    },
    /// The address is not http or https.
    #[error(
        "'{url}' is not an http or https address; download the file by other means and use it from the disk"
    )]
    BadAddress {
        /// The address.
        url: String,
    },
    /// A server points elsewhere than to http or https, or from https to http.
    #[error(
        "{url} redirects to '{to}', which is not followed; find the file's new address and give it with --url"
    )]
    BadRedirect {
        /// The address asked for.
        url: String,
        /// Where it points.
        to: String,
    },
    /// The server redirects without end.
    #[error("{url} redirects more than {limit} times; find the file's new address and give it with --url")]
    TooManyRedirects {
        /// The address asked for.
        url: String,
        /// The most that are followed.
        limit: usize,
    },
    /// The server has no such file.
    #[error(
        "{url}: the server has no such file (status {status}); check corpus, version and languages, or give --url"
    )]
    NotThere {
        /// The address.
        url: String,
        /// 404 or 410.
        status: u16,
    },
    /// The server wants to know who asks.
    #[error(
        "{url}: access is refused (status {status}); if the set is gated, accept its terms on its page and give an access token"
    )]
    Refused {
        /// The address.
        url: String,
        /// 401 or 403.
        status: u16,
    },
    /// The server refuses to continue, also after a start from the beginning.
    #[error(
        "{url}: the server refuses the range that was asked for (status 416) with nothing downloaded yet; report this to the server's owner, or give another --url"
    )]
    RangeRefused {
        /// The address.
        url: String,
    },
    /// Any other status that asking again will not change.
    #[error("{url}: the server answers with status {status}; open the address in a browser to see why")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// The answer contradicts itself or the request.
    #[error("{url}: the server's answer makes no sense ({what}); try again later, or give another --url")]
    BadAnswer {
        /// The address.
        url: String,
        /// What is wrong.
        what: String,
    },
    /// The connection kept breaking, stalling or failing.
    #[error(
        "{url}: gave up after {tries} tries without progress, with {held} bytes kept ({reason}); run the command again to continue"
    )]
    Broken {
        /// The address.
        url: String,
        /// Tries in a row.
        tries: u32,
        /// Bytes on the disk.
        held: u64,
        /// The last fault.
        reason: String,
    },
    /// The length differs from the one that is known.
    #[error(
        "{url}: has {got} bytes, expected {expected}; the file was replaced or cut, so compare with its page before trusting it"
    )]
    WrongLength {
        /// The address.
        url: String,
        /// Bytes expected.
        expected: u64,
        /// Bytes the server has or sent.
        got: u64,
    },
    /// The bytes are not those of the recipe.
    #[error(
        "{url}: has sha256 {got}, expected {expected}; the download was thrown away, so find out why it changed before using it"
    )]
    WrongBytes {
        /// The address.
        url: String,
        /// The hash in the recipe.
        expected: String,
        /// The hash of what came.
        got: String,
    },
    /// The bytes are not those of the lock.
    #[error(
        "{url}: changed upstream: the lock has sha256 {locked}, the server now sends {got}; keep the old files, or remove the entry of '{name}' from data.lock to accept the new ones"
    )]
    UpstreamChanged {
        /// The corpus.
        name: String,
        /// The address.
        url: String,
        /// The hash in the lock.
        locked: String,
        /// The hash of what came.
        got: String,
    },
    /// The lock has another file under this name than the recipe asks for.
    #[error(
        "'{name}': the lock has sha256 {locked}, the recipe asks for {wanted}; choose another name, or remove the entry from data.lock to replace it"
    )]
    OtherFile {
        /// The corpus.
        name: String,
        /// The hash in the lock.
        locked: String,
        /// The hash in the recipe.
        wanted: String,
    },
    /// The download is larger than allowed.
    #[error("{url}: is larger than the {limit} bytes allowed; raise the limit if there is room for it")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// An archive is not what its name says, is cut, or fails its own check.
    #[error("{}: the archive is damaged or cut ({reason}); it was thrown away, so run the command again, or give another --url", path.display())]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// An archive has an entry that has no place in a corpus.
    #[error("{}: the entry '{entry}' is {what}; do not use this archive", path.display())]
    UnsafeEntry {
        /// The archive.
        path: PathBuf,
        /// The entry's name.
        entry: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An archive has too many entries or too much text.
    #[error("{}: unpacks to more than {limit} {of}; raise the limit if the source can be trusted", path.display())]
    Bomb {
        /// The archive.
        path: PathBuf,
        /// The limit.
        limit: u64,
        /// Of what.
        of: &'static str,
    },
    /// The text of a language is not in the archive, or there more than once.
    #[error("{}: {found} files end in '{suffix}', expected one ({seen}); unpack it by hand", path.display())]
    NoMember {
        /// The archive.
        path: PathBuf,
        /// The end of the name looked for.
        suffix: String,
        /// How many there are.
        found: usize,
        /// Some of the names.
        seen: String,
    },
    /// The two sides do not line up.
    #[error(
        "'{name}': {src_lines} lines in {src} but {tgt_lines} in {tgt}; the source is broken, so nothing was kept"
    )]
    LineCounts {
        /// The corpus.
        name: String,
        /// The first language.
        src: String,
        /// The second language.
        tgt: String,
        /// Lines in the first.
        src_lines: u64,
        /// Lines in the second.
        tgt_lines: u64,
    },
    /// Files that are in no lock stand where the corpus would go.
    #[error("{}: is in the way and not in data.lock; move it away", path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
    },
    /// Another process works in the same directory.
    #[error("{}: another download is under way here; wait for it to end", path.display())]
    Busy {
        /// The directory.
        path: PathBuf,
    },
    /// The lock cannot be understood.
    #[error("{}: is not a lock that this version writes ({reason}); restore it from version control, or remove it and get the data again", path.display())]
    BadLock {
        /// The lock.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The operating system refuses.
    #[error("{}: {action} failed ({source}); check permissions and room on the disk", path.display())]
    Disk {
        /// The path.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The reason of the operating system.
        source: io::Error,
    },
}

impl GetError {
    /// Turns a fault of the operating system at `path` into one of ours.
    pub(super) fn disk(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Disk { path: path.to_path_buf(), action, source }
    }
}
