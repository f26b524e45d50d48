//! A text being written: several lines, a cursor, no terminal.

use unicode_segmentation::UnicodeSegmentation as _;

/// The cursor is a byte position between two graphemes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Editor {
    text: String,
    cursor: usize,
}

impl Editor {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    pub fn set(&mut self, text: String) {
        self.cursor = text.len();
        self.text = text;
    }

    pub fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    pub fn insert(&mut self, text: &str) {
        // What the server would refuse need not be typed.
        let text: String =
            text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
    }

    pub fn backspace(&mut self) {
        let from = self.left_of(self.cursor);
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }

    pub fn delete(&mut self) {
        let to = self.right_of(self.cursor);
        self.text.drain(self.cursor..to);
    }

    pub fn delete_word(&mut self) {
        let kept = self.text[..self.cursor].trim_end();
        let from = kept
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + kept[at..].chars().next().map_or(0, char::len_utf8));
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }

    pub fn clear_line(&mut self) {
        let from = self.line_begin();
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }

    pub fn left(&mut self) {
        self.cursor = self.left_of(self.cursor);
    }

    pub fn right(&mut self) {
        self.cursor = self.right_of(self.cursor);
    }

    pub fn home(&mut self) {
        self.cursor = self.line_begin();
    }

    pub fn end(&mut self) {
        self.cursor =
            self.text[self.cursor..].find('\n').map_or(self.text.len(), |at| self.cursor + at);
    }

    fn line_begin(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn left_of(&self, at: usize) -> usize {
        self.text[..at].grapheme_indices(true).next_back().map_or(0, |(begin, _)| begin)
    }

    fn right_of(&self, at: usize) -> usize {
        self.text[at..].graphemes(true).next().map_or(at, |grapheme| at + grapheme.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_moves_by_what_the_eye_sees() {
        let mut editor = Editor::default();
        editor.insert("a👩‍👩‍👧é");
        editor.left();
        editor.left();
        editor.insert("x");
        assert_eq!(editor.text(), "ax👩‍👩‍👧é");
        editor.delete();
        assert_eq!(editor.text(), "axé");
        editor.end();
        editor.backspace();
        assert_eq!(editor.text(), "ax");
    }

    #[test]
    fn words_and_lines_are_deleted_backwards() {
        let mut editor = Editor::default();
        editor.insert("one two\nthree four ");
        editor.delete_word();
        assert_eq!(editor.text(), "one two\nthree ");
        editor.clear_line();
        assert_eq!(editor.text(), "one two\n");
        editor.insert("x\u{1b}y");
        assert_eq!(editor.take(), "one two\nxy");
        assert_eq!(editor.before_cursor(), "");
    }
}
