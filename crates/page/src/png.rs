//! SVG as PNG, with the fonts of the machine. A letter that no font has is an error, never an empty box.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, ID, Style, Weight};
use resvg::usvg::{FontResolver, Options, Tree};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Pixels for a unit of the picture, where there is room.
const SCALE: f32 = 2.0;
/// Fewer pixels for a unit could not be read.
const LEAST_SCALE: f32 = 0.5;
/// Most pixels of a picture, four bytes each.
const MOST_PIXELS: f32 = 64e6;

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq)]
pub enum PngError {
    /// Letters that no font of this machine has.
    NoFont(BTreeSet<char>),
    /// It is too large; its width and height in the picture's units.
    TooLarge(f32, f32),
    /// The SVG cannot be drawn, and why.
    Svg(String),
}

impl std::error::Error for PngError {}

impl fmt::Display for PngError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFont(missing) => {
                let shown: Vec<String> =
                    missing.iter().take(5).map(|c| format!("'{c}' (U+{:04X})", u32::from(*c))).collect();
                let packages: BTreeSet<&str> = missing.iter().map(|c| package(*c)).collect();
                write!(
                    f,
                    "no font of this machine has {} of {} letters: {}; install one (Debian, Ubuntu: {}), or write \
                     .svg or .html, which use the fonts of whoever looks at them",
                    if missing.len() > 5 { "some" } else { "these" },
                    missing.len(),
                    shown.join(", "),
                    packages.into_iter().collect::<Vec<_>>().join(", ")
                )
            }
            Self::TooLarge(width, height) => write!(
                f,
                "a picture of {width:.0} by {height:.0} units is too large for a PNG that can be read; write .svg or \
                 .html, or give shorter sentences"
            ),
            Self::Svg(reason) => write!(f, "the picture cannot be drawn: {reason}"),
        }
    }
}

/// The package that has a font for a character.
fn package(c: char) -> &'static str {
    match c {
        '\u{0C80}'..='\u{0CFF}' => "fonts-noto-core or fonts-lohit-knda",
        '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' => "fonts-noto-cjk",
        '\u{1F000}'..='\u{1FAFF}' => "fonts-noto-color-emoji, fonts-symbola",
        _ => "fonts-noto-core",
    }
}

/// Draws an SVG with the fonts of this machine, two pixels a unit where that is not too many.
///
/// # Errors
///
/// A letter that no font has; a picture that is too large; an SVG that is none.
pub fn png(svg: &str) -> Result<Vec<u8>, PngError> {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    draw(svg, fonts)
}

fn draw(svg: &str, fonts: Database) -> Result<Vec<u8>, PngError> {
    let missing = Arc::new(Mutex::new(BTreeSet::new()));
    if fonts.is_empty() {
        let text = svg.split(['<', '>']).skip(2).step_by(2).flat_map(str::chars);
        missing.lock().unwrap_or_else(PoisonError::into_inner).extend(text.filter(|c| is_seen(*c)).take(5));
    }
    let options = Options {
        font_resolver: FontResolver {
            select_font: FontResolver::default_font_selector(),
            select_fallback: fallback(Arc::clone(&missing)),
        },
        fontdb: Arc::new(fonts),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| PngError::Svg(error.to_string()))?;
    let missing = std::mem::take(&mut *missing.lock().unwrap_or_else(PoisonError::into_inner));
    if !missing.is_empty() {
        return Err(PngError::NoFont(missing));
    }
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = SCALE.min((MOST_PIXELS / (width * height)).sqrt());
    if scale < LEAST_SCALE {
        return Err(PngError::TooLarge(width, height));
    }
    let pixels = |length: f32| ((length * scale).ceil() as u32).max(1);
    let mut pixmap = Pixmap::new(pixels(width), pixels(height)).ok_or(PngError::TooLarge(width, height))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| PngError::Svg(error.to_string()))
}

type Fallback = Box<dyn Fn(char, &[ID], &mut Arc<Database>) -> Option<ID> + Send + Sync>;

/// Which font has a character that the first font lacks: an upright one of common weight before all others. Writes down
/// what none has.
fn fallback(missing: Arc<Mutex<BTreeSet<char>>>) -> Fallback {
    let any = FontResolver::default_fallback_selector();
    Box::new(move |c, used, fonts| {
        let special = |face: &&resvg::usvg::fontdb::FaceInfo| {
            face.style != Style::Normal
                || face.weight != Weight::NORMAL
                || !face.post_script_name.contains("Sans")
        };
        let plain: Vec<ID> =
            used.iter().copied().chain(fonts.faces().filter(special).map(|face| face.id)).collect();
        let found = any(c, &plain, fonts).or_else(|| any(c, used, fonts));
        if found.is_none() && is_seen(c) {
            missing.lock().unwrap_or_else(PoisonError::into_inner).insert(c);
        }
        found
    })
}

/// Whether a character has a shape of its own; joiners, marks of direction and variation have none.
fn is_seen(c: char) -> bool {
    !c.is_whitespace()
        && !c.is_control()
        && !matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        && !matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KANNADA: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"50\">\
        <text x=\"5\" y=\"30\" font-family=\"Noto Sans, sans-serif\">ಪುಸ್ತಕ ಎಲ್ಲಿದೆ?</text></svg>";

    /// Pixels that are not clear.
    fn inked(png: &[u8]) -> usize {
        let pixmap = Pixmap::decode_png(png).unwrap();
        assert_eq!((pixmap.width(), pixmap.height()), (400, 100));
        pixmap.pixels().iter().filter(|pixel| pixel.alpha() > 0).count()
    }

    #[test]
    fn kannada_is_drawn_or_its_font_is_asked_for() {
        match png(KANNADA) {
            Ok(png) => {
                let words = inked(&png);
                assert!(words > 500, "{words}");
                // Shaped, ಸ್ತ is one letter below another and takes less room than its three signs apart.
                let apart = KANNADA.replace("ಪುಸ್ತಕ ಎಲ್ಲಿದೆ?", "ಪ ು ಸ ್ ತ ಕ");
                assert_ne!(words, inked(&super::png(&apart).unwrap()));
            }
            Err(error @ PngError::NoFont(_)) => {
                assert!(error.to_string().contains("fonts-lohit-knda"), "{error}");
                eprintln!("not tried, for this machine has no Kannada font: {error}");
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn without_fonts_it_says_what_to_install() {
        let error = draw(KANNADA, Database::new()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("'ಪ' (U+0CAA)") && text.contains("fonts-noto-core or fonts-lohit-knda"),
            "{text}"
        );
        assert!(text.contains(".svg or .html"), "{text}");
    }

    #[test]
    fn a_letter_that_no_font_has_is_named() {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        if fonts.is_empty() {
            return eprintln!("not tried, for this machine has no fonts");
        }
        // A noncharacter has no glyph anywhere.
        let error = draw(&KANNADA.replace('ಪ', "\u{FDD0}"), fonts).unwrap_err();
        assert!(matches!(&error, PngError::NoFont(missing) if missing.contains(&'\u{FDD0}')), "{error}");
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let svg = |side: u32| {
            format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side}\" height=\"{side}\"/>")
        };
        assert_eq!(png(&svg(40_000)), Err(PngError::TooLarge(40_000.0, 40_000.0)));
        assert!(matches!(png("<svg"), Err(PngError::Svg(_))));
    }
}
