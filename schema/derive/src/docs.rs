//! Doc comments as Markdown.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment of an item: one leading space less on each line, and the lines of a paragraph joined to one, because
/// the registry and `terraform providers schema` show line breaks that a Rust author only made for the width of the file.
/// Lists, tables, headings, quotes and code keep their lines.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
        {
            // Not `lines()`: of an empty text that is no line at all, and paragraphs would run together.
            let text = text.value();
            lines.extend(text.split('\n').map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()));
        }
    }
    join(&lines)
}

fn join(lines: &[String]) -> String {
    let mut text = String::new();
    let mut fenced = false;
    let mut flowing = false;
    for line in lines {
        let fence = line.trim_start().starts_with("```");
        let own_line = fenced || fence || line.is_empty() || starts_own_line(line);
        if !text.is_empty() {
            text.push(if flowing && !own_line { ' ' } else { '\n' });
        }
        text.push_str(if flowing && !own_line { line.trim_start() } else { line });
        if fence {
            fenced = !fenced;
        }
        // An item of a list may be wrapped like a paragraph; a row of a table and a heading may not.
        flowing = !fenced && !fence && !line.is_empty() && !line.starts_with('|') && !line.starts_with('#');
    }
    text.trim().to_owned()
}

fn starts_own_line(line: &str) -> bool {
    let start = line.trim_start();
    let numbered = start.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    numbered || ["- ", "* ", "|", "#", ">"].iter().any(|mark| start.starts_with(mark)) || line.starts_with("    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> String {
        join(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_paragraph_is_one_line_and_paragraphs_stay_apart() {
        assert_eq!(joined("One\ntwo.\n\nThree\nfour."), "One two.\n\nThree four.");
    }

    #[test]
    fn lists_tables_and_code_keep_their_lines() {
        assert_eq!(joined("Either:\n- a\n  b\n- c"), "Either:\n- a b\n- c");
        assert_eq!(joined("| a | b |\n| - | - |\n| c | d |"), "| a | b |\n| - | - |\n| c | d |");
        assert_eq!(joined("So:\n```hcl\na = 1\nb = 2\n```\nDone\nnow."), "So:\n```hcl\na = 1\nb = 2\n```\nDone now.");
    }

    #[test]
    fn one_leading_space_goes_from_each_line() {
        let item: syn::ItemStruct = syn::parse_quote! {
            /// First
            /// second.
            ///
            /// Third.
            struct S;
        };
        assert_eq!(description(&item.attrs), "First second.\n\nThird.");
    }
}
