//! Whether a text is a Go template, as far as that can be told without Go: actions, quotes, brackets and blocks that are closed,
//! and names that are fetched. Functions and their arguments are the operator's to judge; so is what is only reached under a
//! condition.
//!
//! Rejected: a parser of the whole language. Its functions come and go with the operator's releases, and a plan that refuses
//! what the cluster takes is worse than one that leaves a rare mistake to the apply.

/// Fails with what is wrong, as a sentence without its full stop. `is_there` says whether a fetched key has that name.
pub(super) fn check(text: &str, is_there: &dyn Fn(&str) -> bool) -> Result<(), String> {
    let mut rest = text;
    let mut blocks = 0_usize;
    let mut line = 1;
    while let Some(start) = rest.find("{{") {
        line += lines(&rest[..start]);
        let inside = &rest[start + 2..];
        let comment = inside.strip_prefix("- ").unwrap_or(inside);
        if comment.starts_with("/*") {
            let end = comment.find("*/").ok_or_else(|| at(line, "a comment is not closed"))?;
            let after = &comment[end + 2..];
            let close = after.strip_prefix(" -").unwrap_or(after);
            let left = close.strip_prefix("}}").ok_or_else(|| at(line, "a comment is not followed by `}}`"))?;
            line += lines(&rest[start..rest.len() - left.len()]);
            rest = left;
            continue;
        }
        let tokens = tokens(inside).map_err(|why| at(line, why))?;
        // In a block `.` may be something else, or nothing may be evaluated.
        judge(&tokens.all, blocks == 0, is_there).map_err(|why| at(line, &why))?;
        step(&tokens.all, &mut blocks).map_err(|why| at(line, why))?;
        line += lines(&inside[..tokens.length]);
        rest = &inside[tokens.length..];
    }
    if blocks == 0 { Ok(()) } else { Err("a block (`if`, `range`, `with`, `define`) has no `{{ end }}`".to_owned()) }
}

fn at(line: usize, why: &str) -> String {
    format!("line {line}: {why}")
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

#[derive(Debug, PartialEq)]
enum Token<'a> {
    /// A name, number, or name of a variable.
    Word(&'a str),
    /// `.name` or `$.name`.
    Field(&'a str),
    /// A text or a character.
    Quoted,
    /// Anything else.
    Sign(char),
}

struct Tokens<'a> {
    all: Vec<Token<'a>>,
    /// Bytes up to the end of the closing braces.
    length: usize,
}

/// The tokens of an action, from behind its opening braces.
fn tokens(text: &str) -> Result<Tokens<'_>, &'static str> {
    const OPEN: &str = "an action `{{` is not closed by `}}`";
    let mut all = Vec::new();
    let mut position = 0;
    let mut brackets = 0_usize;
    // What may be followed by a field of its own: `).name`, `$x.name`, `.a.name`.
    let mut is_operand = false;
    loop {
        let rest = &text[position..];
        let first = rest.chars().next().ok_or(OPEN)?;
        let length = match first {
            '}' if rest.starts_with("}}") => {
                if brackets > 0 {
                    return Err("a bracket is not closed");
                }
                return Ok(Tokens { all, length: position + 2 });
            }
            '"' | '\'' => {
                all.push(Token::Quoted);
                quoted(rest, first)?
            }
            '`' => {
                all.push(Token::Quoted);
                rest[1..].find('`').ok_or("a quote is not closed")? + 2
            }
            '.' if name(&rest[1..]) > 0 => {
                let length = name(&rest[1..]) + 1;
                if !is_operand || matches!(all.last(), Some(Token::Word("$"))) {
                    all.push(Token::Field(&rest[1..length]));
                }
                length
            }
            '$' => {
                let length = name(&rest[1..]) + 1;
                all.push(Token::Word(&rest[..length]));
                length
            }
            _ if name(rest) > 0 => {
                let length = name(rest);
                all.push(Token::Word(&rest[..length]));
                length
            }
            other => {
                match other {
                    '(' => brackets += 1,
                    ')' => brackets = brackets.checked_sub(1).ok_or("a bracket is closed that was not opened")?,
                    '{' => return Err("there is a brace within an action"),
                    _ => {}
                }
                if !other.is_whitespace() {
                    all.push(Token::Sign(other));
                }
                other.len_utf8()
            }
        };
        position += length;
        is_operand = matches!(first, '.' | '$' | ')' | '"' | '`') || name(&text[position - length..]) > 0;
        is_operand &= !(first == '.' && length == 1);
    }
}

/// Length of the name or number at the beginning.
fn name(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Length of the quoted text at the beginning.
fn quoted(text: &str, quote: char) -> Result<usize, &'static str> {
    let mut escaped = false;
    for (position, c) in text.char_indices().skip(1) {
        match c {
            '\n' => break,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Ok(position + c.len_utf8()),
            _ => {}
        }
    }
    Err("a quote is not closed")
}

fn judge(tokens: &[Token<'_>], unconditional: bool, is_there: &dyn Fn(&str) -> bool) -> Result<(), String> {
    // The dashes that trim what stands around.
    if tokens.iter().all(|token| *token == Token::Sign('-')) {
        return Err("an action is empty".to_owned());
    }
    // The arguments of these are not always evaluated, and `hasKey` asks.
    let is_certain = unconditional && !tokens.iter().any(|token| matches!(token, Token::Word("and" | "or" | "hasKey")));
    for token in tokens {
        if let Token::Field(field) = token
            && is_certain
            && !is_there(field)
        {
            return Err(format!("it uses `.{field}`, which nothing fetches"));
        }
    }
    Ok(())
}

fn step(tokens: &[Token<'_>], blocks: &mut usize) -> Result<(), &'static str> {
    let mut words = tokens.iter().filter(|token| **token != Token::Sign('-'));
    let Some(Token::Word(word)) = words.next() else { return Ok(()) };
    match *word {
        "if" | "range" | "with" | "define" | "block" => *blocks += 1,
        "end" => *blocks = blocks.checked_sub(1).ok_or("there is an `end` without a block")?,
        "else" if *blocks == 0 => return Err("there is an `else` without a block"),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> Result<(), String> {
        check(text, &|name| ["user", "password"].contains(&name))
    }

    #[test]
    fn templates_that_the_operator_takes_are_taken() {
        for text in [
            "",
            "plain { text } and }} braces",
            "{{ .password }}",
            "{{- .user -}}:{{.password|b64enc}}",
            "{{/* a comment with {{ in it */}}{{- /* one */ -}}",
            "{{ printf \"}} %s \\\" {{\" .user }}",
            "{{ print `}}` '}' }}",
            "{{ if .user }}a{{ else if .password }}b{{ else }}c{{ end }}",
            "{{ range $key, $value := . }}{{ $key }}={{ $value.other }}{{ end }}",
            "{{ with .user }}{{ .whatever }}{{ $.password }}{{ end }}",
            "{{ if hasKey . \"x\" }}{{ .x }}{{ end }}{{ and (hasKey . \"x\") .x }}",
            "{{ (fromJson .user).host }}{{ $x := .user }}{{ $x.y }}{{ .user.name.first }}",
            "{{ index . \"tls.crt\" | trim }}",
            "{{\n  .user\n}}",
            "{{ define \"t\" }}{{ .a }}{{ end }}{{ template \"t\" . }}",
            "{{ eq 1.5 2 }}",
        ] {
            assert_eq!(verdict(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn templates_that_it_refuses_are_refused_with_their_line() {
        for (text, why) in [
            ("{{ .password", "line 1: an action `{{` is not closed by `}}`"),
            ("a\n{{ .password }", "line 2: an action `{{` is not closed by `}}`"),
            ("{{ }}", "line 1: an action is empty"),
            ("{{- -}}", "line 1: an action is empty"),
            ("{{ \"a }}", "line 1: a quote is not closed"),
            ("{{ `a }}", "line 1: a quote is not closed"),
            ("{{ (.user }}", "line 1: a bracket is not closed"),
            ("{{ .user) }}", "line 1: a bracket is closed that was not opened"),
            ("{{ {{ .user }} }}", "line 1: there is a brace within an action"),
            ("{{/* a", "line 1: a comment is not closed"),
            ("{{/* a */ b}}", "line 1: a comment is not followed by `}}`"),
            ("{{ if .user }}a", "a block (`if`, `range`, `with`, `define`) has no `{{ end }}`"),
            ("{{ end }}", "line 1: there is an `end` without a block"),
            ("{{ else }}", "line 1: there is an `else` without a block"),
            ("x\ny {{ .passwort }}", "line 2: it uses `.passwort`, which nothing fetches"),
            ("{{ $.nope }}", "line 1: it uses `.nope`, which nothing fetches"),
        ] {
            assert_eq!(verdict(text), Err(why.to_owned()), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([{}\\-. $\"`'()a\n]|\\{\\{|\\}\\}|end|if|é|/\\*){0,24}") {
            let _ = verdict(&text);
        }
    }
}
