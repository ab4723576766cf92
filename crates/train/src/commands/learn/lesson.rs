//! What a page of `learn` says, before it is a terminal's text or HTML.

use page::{Chart, Scale};

/// A page: blocks in the order in which they are read.
#[derive(Clone, Debug)]
pub struct Lesson {
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Clone, Debug)]
pub(super) enum Block {
    Heading(String),
    Text(String),
    Formula(String),
    Table {
        caption: String,
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// A caption, the languages of both sides, and a text with its translation in each row.
    Translations(String, [String; 2], Vec<(String, String)>),
    Matrix(Matrix),
    Field(Field),
    /// A picture of the HTML page; a terminal has the numbers in a table beside it.
    Chart(Chart),
}

/// A matrix small enough for its numbers to be read.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// What it is.
    pub caption: String,
    /// A label for each row.
    pub rows: Vec<String>,
    /// A label for each column.
    pub columns: Vec<String>,
    /// `[n_rows, n_columns]`, row by row.
    pub values: Vec<f32>,
    /// What the colours of its picture mean.
    pub scale: Scale,
}

/// A matrix of so many numbers that only its pattern is seen.
#[derive(Clone, Debug)]
pub struct Field {
    /// What it is.
    pub caption: String,
    /// What runs downwards.
    pub rows: String,
    /// What runs to the right.
    pub columns: String,
    /// `[n_rows, n_columns]`, from −1 to 1, row by row.
    pub values: Vec<f32>,
    /// Numbers in a row.
    pub n_columns: usize,
}

impl Lesson {
    /// An empty page with a title and a line below it.
    pub fn new(title: &str, subtitle: &str) -> Self {
        Self { title: title.into(), subtitle: subtitle.into(), blocks: Vec::new() }
    }

    /// Begins a part of the page.
    pub fn heading(&mut self, title: &str) {
        self.blocks.push(Block::Heading(title.into()));
    }

    /// A paragraph.
    pub fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }

    /// Lines that stand as they are: an equation, steps of a calculation.
    pub fn formula(&mut self, lines: impl Into<String>) {
        self.blocks.push(Block::Formula(lines.into()));
    }

    /// A table; the first column names the rows.
    pub fn table<const N: usize>(&mut self, caption: &str, head: [&str; N], rows: Vec<[String; N]>) {
        let head = head.map(str::to_owned).to_vec();
        self.wide_table(caption, head, rows.into_iter().map(Vec::from).collect());
    }

    /// A table whose number of columns is known only now.
    pub fn wide_table(&mut self, caption: &str, head: Vec<String>, rows: Vec<Vec<String>>) {
        self.blocks.push(Block::Table { caption: caption.into(), head, rows });
    }

    /// Sentences with their translations, and the codes of the two languages.
    pub fn translations(&mut self, caption: &str, languages: [&str; 2], rows: Vec<(String, String)>) {
        self.blocks.push(Block::Translations(caption.into(), languages.map(str::to_owned), rows));
    }

    /// A matrix with its numbers.
    pub fn matrix(&mut self, matrix: Matrix) {
        assert_eq!(matrix.values.len(), matrix.rows.len() * matrix.columns.len(), "{}", matrix.caption);
        self.blocks.push(Block::Matrix(matrix));
    }

    /// A pattern.
    pub fn field(&mut self, field: Field) {
        self.blocks.push(Block::Field(field));
    }

    /// Lines over an axis.
    pub fn chart(&mut self, chart: Chart) {
        self.blocks.push(Block::Chart(chart));
    }

    /// The last words of a page: where the code is, and what to try.
    pub fn next(&mut self, code: &str, questions: &[&str]) {
        self.heading("Where it is in the code, and what to try");
        self.text(code);
        for question in questions {
            self.text(format!("? {question}"));
        }
    }
}
