//! Names by which a file of a stranger would lead out of its directory, or to another file than it seems.

/// Each is refused wherever a file names a file.
pub(crate) const ESCAPES: [&str; 34] = [
    "",
    ".",
    "..",
    "../x",
    "../../etc/passwd",
    "a/../../x",
    "a/b",
    "a/",
    "./x",
    "/",
    "/etc/passwd",
    "//host/x",
    "a\\b",
    "..\\x",
    "\\x",
    "\\\\host\\x",
    "C:x",
    "C:\\x",
    "c:/x",
    "x:stream",
    "a\0b",
    "x\0",
    "a\nb",
    "a\tb",
    "a\u{1b}[2Jb",
    ".hidden",
    "x.",
    "x..",
    " ",
    "x ",
    "~/x",
    "%2e%2e%2fx",
    "a\u{2215}b",
    "\u{202E}x",
];

/// One more, too long for any file system.
pub(crate) fn long() -> String {
    "x".repeat(5000)
}
