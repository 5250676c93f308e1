//! A value as a sentence shows it: in quotes, cut, and with every character that cannot be seen called by its name.

use task_engine::shown;

/// Quotes `value`, cut to the length that a sentence repeats.
pub(crate) fn quoted(value: &str) -> String {
    let sent = shown(value);
    let mut text = String::with_capacity(sent.len() + 2);
    text.push('"');
    for character in sent.chars() {
        if is_invisible(character) {
            text.push_str(&named(character));
        } else {
            text.push(character);
        }
    }
    text.push_str(if sent.len() < value.len() {
        "\"…"
    } else {
        "\""
    });
    text
}

fn named(character: char) -> String {
    let name = match character {
        '\t' => " 制表符",
        '\n' => " 换行",
        '\r' => " 回车",
        '\u{a0}' => " 不间断空格",
        '\u{3000}' => " 全角空格",
        '\u{200b}' => " 零宽空格",
        '\u{feff}' => " 字节顺序标记",
        _ => "",
    };
    format!("<U+{:04X}{name}>", u32::from(character))
}

/// Tells whether a character leaves no ink and is no plain blank.
const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{1680}' | '\u{180e}'
        | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_cut_and_its_invisible_characters_are_named() {
        assert_eq!(quoted("S1 白菜"), "\"S1 白菜\"");
        assert_eq!(
            quoted("S\u{200b}1\t"),
            "\"S<U+200B 零宽空格>1<U+0009 制表符>\""
        );
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(
            quoted(&"菜".repeat(65)),
            format!("\"{}\"…", "菜".repeat(64))
        );
    }

    #[test]
    fn no_white_space_but_the_blank_stays_unnamed() {
        for character in ('\0'..=char::MAX).filter(|c| *c != ' ') {
            let is_blank = character.is_whitespace() || character.is_control();
            assert!(!is_blank || is_invisible(character), "{character:?}");
        }
    }
}
