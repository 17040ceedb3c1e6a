//! Files and places in them: an error about a folder names the file and the line, as Terraform's own do.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use hcl::edit::Span;
use hcl::edit::structure::{Block, Body};
use homelab_cty::Step;
use homelab_cty::{Block as Schema, Model, Path as ValuePath, Value};

use crate::output::Failure;

/// One file.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    text: String,
}

/// A block at the top of a file.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) source: Rc<Source>,
    pub(super) block: Block,
}

impl Source {
    /// Reads and parses a file.
    pub(super) fn parse(path: &Path) -> Result<(Rc<Self>, Body), Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("failed to read {}: {error}", path.display())))?;
        let source = Self { path: path.to_path_buf(), text };
        let body = source.text.parse().map_err(|error: hcl::edit::parser::Error| {
            let at = error.location();
            let place = format!("{}:{}:{}", path.display(), at.line(), at.column());
            Failure::new(format!(
                "{place}: failed to parse the file: {}\n  | {}",
                error.message(),
                error.line().trim_end()
            ))
            .hint("`terraform fmt` and `terraform validate` show the same place")
        })?;
        Ok((Rc::new(source), body))
    }

    /// `main.tf:12`, for what begins at that byte.
    fn place(&self, span: Option<std::ops::Range<usize>>) -> String {
        let before = span.and_then(|span| self.text.get(..span.start));
        match before {
            Some(before) => format!("{}:{}", self.path.display(), before.matches('\n').count() + 1),
            None => self.path.display().to_string(),
        }
    }
}

impl Located {
    /// The type of the block: `resource`.
    pub(super) fn kind(&self) -> &str {
        self.block.ident.as_str()
    }

    /// The label at `index`, or nothing.
    pub(super) fn label(&self, index: usize) -> &str {
        label(&self.block, index)
    }

    /// Where the block begins.
    pub(super) fn place(&self) -> String {
        self.source.place(self.block.span())
    }

    /// Where the argument at `path` is, or the block that it should be in.
    pub(super) fn place_of(&self, path: &ValuePath) -> String {
        let mut body = &self.block.body;
        let mut span = self.block.span();
        let mut steps = path.0.iter().peekable();
        while let Some(Step::Attribute(name)) = steps.next() {
            if let Some(attribute) = body.get_attribute(name) {
                span = attribute.span();
                break;
            }
            // A block of a map or list is the one with that label, or at that place.
            let mut blocks = body.get_blocks(name);
            let block = match steps.peek() {
                Some(Step::Key(key)) => blocks.find(|block| label(block, 0) == key),
                Some(Step::Index(index)) => blocks.nth(usize::try_from(*index).unwrap_or(usize::MAX)),
                _ => blocks.next(),
            };
            let Some(block) = block else { break };
            (body, span) = (&block.body, block.span());
            if matches!(steps.peek(), Some(Step::Key(_) | Step::Index(_))) {
                steps.next();
            }
        }
        self.source.place(span)
    }

    /// A value of this block as its model; `what` names the block.
    pub(super) fn model<M: Model>(&self, what: &str, value: &Value) -> Result<M, Failure> {
        M::from_value(value, &ValuePath::root())
            .map_err(|error| Failure::new(format!("{}: {what}: {error}", self.place_of(&error.path))))
    }

    /// Refuses arguments and blocks that the schema does not know: a misspelt one would silently count as left out.
    /// `beside` are those that Terraform itself reads out of the block.
    pub(super) fn check_names(&self, what: &str, schema: &Schema, beside: &[&str]) -> Result<(), Failure> {
        match first_unknown(&self.block.body, schema, beside) {
            None => Ok(()),
            Some((name, span, known)) => {
                Err(Failure::new(format!("{}: {what} has no argument or block {name:?}", self.source.place(span)))
                    .hint(format!("there are: {known}")))
            }
        }
    }
}

/// The name, its place, and the names that there are.
type UnknownName = (String, Option<std::ops::Range<usize>>, String);

fn first_unknown(body: &Body, schema: &Schema, beside: &[&str]) -> Option<UnknownName> {
    let known = || {
        let names = schema.attributes.iter().filter(|(_, declared)| declared.mode.is_configurable());
        let names = names.map(|(name, _)| name.as_str()).chain(schema.blocks.keys().map(String::as_str));
        names.collect::<Vec<_>>().join(", ")
    };
    for attribute in body.attributes() {
        let name = attribute.key.as_str();
        let ours = schema.attributes.get(name).is_some_and(|declared| declared.mode.is_configurable());
        if !ours && !beside.contains(&name) {
            return Some((name.to_owned(), attribute.span(), known()));
        }
    }
    for block in body.blocks() {
        let name = block.ident.as_str();
        let name = if name == "dynamic" { label(block, 0) } else { name };
        match schema.blocks.get(name) {
            // The content of a dynamic block is another body; Terraform judges it.
            Some(_) if block.ident.as_str() == "dynamic" => {}
            Some(nested) => {
                if let Some(found) = first_unknown(&block.body, &nested.block, &[]) {
                    return Some(found);
                }
            }
            None if beside.contains(&name) => {}
            None => return Some((name.to_owned(), block.span(), known())),
        }
    }
    None
}

/// The label of a block at `index`, or nothing.
pub(super) fn label(block: &Block, index: usize) -> &str {
    block.labels.get(index).map(hcl::edit::structure::BlockLabel::as_str).unwrap_or_default()
}
