//! Texts as search compares them: folded, cut into tokens, and the terms under
//! which the index keeps them.
//!
//! Scripts that put spaces between words give words. Those that put none (Han,
//! kana, Thai, Khmer …) give runs, which the index keeps as pairs of characters
//! and which match anywhere inside. Emojis are signs that stand alone.

use std::collections::BTreeSet;

use unicode_normalization::char::is_combining_mark;

use super::{UserId, folding::folded, limits};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    Unspaced(String),
    Symbol(char),
}

/// Tokens that have to stand next to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    pub tokens: Vec<Token>,
    /// The last word may go on.
    pub open: bool,
}

/// What the index is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    Exact(Vec<u8>),
    /// Terms that begin so.
    Prefix(Vec<u8>),
    AnyOf(Vec<Vec<u8>>),
}

/// What a character is part of.
#[derive(Debug, PartialEq, Clone, Copy)]
pub enum CharKind {
    /// No token.
    Gap,
    Word,
    Run,
    Sign,
}

impl CharKind {
    #[must_use]
    pub fn of(c: char) -> Self {
        if is_sign(c) {
            Self::Sign
        } else if is_unspaced_script(c) {
            Self::Run
        } else if c.is_alphanumeric() || is_combining_mark(c) {
            Self::Word
        } else {
            Self::Gap
        }
    }
}

/// The first byte of terms that are no text: no text begins with it.
const SENDER: u8 = 1;
const FILE: u8 = 2;

/// The term of all messages that a user has sent.
#[must_use]
pub fn sender_term(user: UserId) -> Vec<u8> {
    [&[SENDER], user.0.as_bytes().as_slice()].concat()
}

/// The term of all messages with a file.
#[must_use]
pub fn file_term() -> Vec<u8> {
    vec![FILE]
}

/// The tokens of a text.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut before = CharKind::Gap;
    for c in folded(text) {
        let kind = CharKind::of(c);
        match (kind, tokens.last_mut()) {
            (CharKind::Word, Some(Token::Word(word))) if before == kind => word.push(c),
            (CharKind::Run, Some(Token::Unspaced(run))) if before == kind => run.push(c),
            (CharKind::Word, _) => tokens.push(Token::Word(c.into())),
            (CharKind::Run, _) => tokens.push(Token::Unspaced(c.into())),
            (CharKind::Sign, _) => tokens.push(Token::Symbol(c)),
            (CharKind::Gap, _) => {}
        }
        before = kind;
    }
    tokens
}

/// The terms of a text: at most `limits::TERMS`, the first ones.
#[must_use]
pub fn terms(tokens: &[Token]) -> BTreeSet<Vec<u8>> {
    let mut terms = BTreeSet::new();
    let of_token = |token: &Token| match token {
        Token::Word(word) => vec![cut(word)],
        Token::Symbol(sign) => vec![cut(sign.encode_utf8(&mut [0; 4]))],
        // Each character begins a pair or is the last: so a single one is found
        // as the beginning of a term.
        Token::Unspaced(run) => {
            let last = run.char_indices().last().map(|(at, _)| cut(&run[at..]));
            pairs(run).map(cut).chain(last).collect()
        }
    };
    for term in tokens.iter().flat_map(of_token) {
        if terms.len() == limits::TERMS {
            break;
        }
        terms.insert(term);
    }
    terms
}

impl Phrase {
    /// Whether a text has the tokens one after the other. A run may begin and
    /// end anywhere inside the text's run.
    #[must_use]
    pub fn is_in(&self, text: &[Token]) -> bool {
        let last = self.tokens.len() - 1;
        text.windows(self.tokens.len()).any(|window| {
            self.tokens.iter().zip(window).enumerate().all(|(at, (sought, found))| {
                match (sought, found) {
                    (Token::Word(sought), Token::Word(found)) if at == last && self.open => {
                        found.starts_with(sought)
                    }
                    (Token::Unspaced(sought), Token::Unspaced(found)) => {
                        match (at == 0, at == last) {
                            (true, true) => found.contains(sought),
                            (true, false) => found.ends_with(sought),
                            (false, true) => found.starts_with(sought),
                            (false, false) => sought == found,
                        }
                    }
                    _ => sought == found,
                }
            })
        })
    }

    /// What the index has to have for each text with this phrase.
    pub fn lookups(&self) -> impl Iterator<Item = Lookup> {
        let last = self.tokens.len() - 1;
        self.tokens.iter().enumerate().flat_map(move |(at, token)| match token {
            Token::Word(word) if at == last && self.open => vec![Lookup::Prefix(cut(word))],
            Token::Word(word) => vec![Lookup::Exact(cut(word))],
            Token::Symbol(sign) => vec![Lookup::Exact(cut(sign.encode_utf8(&mut [0; 4])))],
            Token::Unspaced(run) if run.chars().nth(1).is_none() => vec![Lookup::Prefix(cut(run))],
            Token::Unspaced(run) => pairs(run).map(|pair| Lookup::Exact(cut(pair))).collect(),
        })
    }
}

/// Two characters each, overlapping.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let ends = run.char_indices().skip(2).map(|(at, _)| at).chain([run.len()]);
    let begins = run.char_indices().map(|(at, _)| at);
    let several = run.chars().nth(1).is_some();
    begins.zip(ends).filter(move |_| several).map(|(from, to)| &run[from..to])
}

/// A word as a term: its first bytes, at the end of a character.
fn cut(word: &str) -> Vec<u8> {
    word.as_bytes()[..word.floor_char_boundary(limits::TERM_BYTES)].to_vec()
}

/// Of a script without spaces between words.
fn is_unspaced_script(c: char) -> bool {
    !is_digit_of_dense(c)
        && matches!(c,
        // Thai, Lao, Myanmar, Khmer
        '\u{0E01}'..='\u{0E3A}' | '\u{0E40}'..='\u{0E4E}' | '\u{0E81}'..='\u{0EDF}'
        | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17D3}' | '\u{17D7}' | '\u{17DC}' | '\u{17DD}'
        // Tai, Javanese, Myanmar's extensions
        | '\u{1950}'..='\u{19DF}' | '\u{1A20}'..='\u{1A7C}' | '\u{A980}'..='\u{A9C0}'
        | '\u{A9E0}'..='\u{A9FE}' | '\u{AA60}'..='\u{AADF}'
        // Han, kana, Bopomofo, Yi
        | '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3031}'..='\u{3035}' | '\u{3041}'..='\u{309F}' | '\u{30A1}'..='\u{30FA}'
        | '\u{30FC}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}' | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{A000}'..='\u{A48F}'
        | '\u{F900}'..='\u{FAFF}' | '\u{1AFF0}'..='\u{1B16F}' | '\u{20000}'..='\u{3FFFF}')
}

/// Hangul makes words, but often without a space between them and other scripts.
#[must_use]
pub fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7FF}')
}

/// An emoji, or a sign that is used like one.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{25A0}'..='\u{27BF}'
        | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}' | '\u{3030}' | '\u{303D}'
        | '\u{1F000}'..='\u{1FAFF}')
}

/// Digits within the blocks of such scripts: they stand in words of their own.
fn is_digit_of_dense(c: char) -> bool {
    matches!(c, '\u{0ED0}'..='\u{0ED9}' | '\u{1040}'..='\u{1049}' | '\u{1090}'..='\u{1099}'
        | '\u{19D0}'..='\u{19DA}' | '\u{A9F0}'..='\u{A9F9}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn open(text: &str) -> Phrase {
        Phrase { tokens: tokens(text), open: true }
    }

    fn finds(sought: &str, text: &str) -> bool {
        open(sought).is_in(&tokens(text))
    }

    #[test]
    fn words_are_found_in_any_script() {
        for (sought, text) in [
            ("hello", "Hello, world"),
            ("wor", "Hello, world"),
            ("strasse", "Die Straße"),
            ("STRASSE", "Die straße"),
            ("muller", "Frau Müller"),
            ("müller", "Frau MULLER"),
            ("über", "U\u{308}ber allem"),
            ("日本", "昨日日本語を話した"),
            ("日本語", "昨日日本語を話した"),
            ("た", "昨日日本語を話した"),
            ("東京タワー", "ここは東京タワーです"),
            ("ﾀﾜｰ", "東京タワーです"),
            ("中文", "我会说中文。"),
            ("ไทย", "ภาษาไทยง่าย"),
            ("ភាសា", "ខ្ញុំរៀនភាសាខ្មែរ"),
            ("مرحبا", "قال مَرْحَبًا للجميع"),
            ("أحمد", "احمد هنا"),
            ("שלום", "שָׁלוֹם לכולם"),
            ("학교", "학교에서 만나요"),
            ("हिन्दी", "मैं हिन्दी बोलता हूँ"),
            ("елка", "Ёлка горит"),
            ("ΟΔΟΣ", "στην οδός"),
            ("👍", "ok 👍🏽!"),
            ("👩‍💻", "she is a 👩🏽‍💻 now"),
            ("❤", "I ❤️ it"),
            ("iphone", "昨日iPhoneを買った"),
            ("買ったiphone", "昨日買ったiPhoneです"),
            ("example.com", "see https://example.com/x"),
            ("snake_case", "call snake_case_name()"),
            ("ｗｉｄｅ", "wide"),
            ("2026", "in 2026."),
        ] {
            assert!(finds(sought, text), "{sought} in {text}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for (sought, text) in [
            ("orld", "Hello, world"),
            ("日語", "日本語"),
            ("か", "が"),
            ("example com", "com.example"),
            ("hello world", "hello there world"),
            ("👍", "👎"),
        ] {
            assert!(!finds(sought, text), "{sought} in {text}");
        }
        let whole = Phrase { tokens: tokens("hello wor"), open: false };
        assert!(!whole.is_in(&tokens("hello world")));
    }

    #[test]
    fn terms_are_bounded() {
        let long = "x".repeat(4_000);
        assert!(terms(&tokens(&long)).iter().all(|term| term.len() <= limits::TERM_BYTES));
        assert!(finds(&long[..300], &long));
        let many: String = (0..4_000).filter_map(|n| char::from_u32(0x4E00 + n)).collect();
        assert_eq!(terms(&tokens(&many)).len(), limits::TERMS);
    }

    fn covered(lookup: &Lookup, terms: &BTreeSet<Vec<u8>>) -> bool {
        match lookup {
            Lookup::Exact(term) => terms.contains(term),
            Lookup::Prefix(begin) => terms.iter().any(|term| term.starts_with(begin)),
            Lookup::AnyOf(any) => any.iter().any(|term| terms.contains(term)),
        }
    }

    const TEXT: &str = "[a-cÄß日本語がタไท학교مر👍🏽\u{301}\u{200D} .,_]{0,40}";

    proptest! {
        #[test]
        fn what_the_text_has_the_index_has_too(text in TEXT, from in 0_usize..40, length in 1_usize..10) {
            let sought: String = text.chars().skip(from).take(length).collect();
            let phrase = open(&sought);
            let text = tokens(&text);
            if !phrase.tokens.is_empty() && phrase.is_in(&text) {
                let terms = terms(&text);
                for lookup in phrase.lookups() {
                    prop_assert!(covered(&lookup, &terms), "{lookup:?} in {terms:?}");
                }
            }
        }

        #[test]
        fn any_text_folds_the_same_twice(text in "\\PC{0,60}") {
            for token in tokens(&text) {
                let again = match &token {
                    Token::Word(text) | Token::Unspaced(text) => tokens(text),
                    Token::Symbol(sign) => tokens(&sign.to_string()),
                };
                prop_assert_eq!(again, vec![token]);
            }
        }

        #[test]
        fn a_text_has_each_of_its_own_words(text in "\\PC{0,60}") {
            let all = tokens(&text);
            for token in &all {
                let phrase = Phrase { tokens: vec![token.clone()], open: false };
                prop_assert!(phrase.is_in(&all));
            }
            prop_assert!(terms(&all).iter().all(|term| term[0] > FILE));
        }
    }
}
