//! What `#[model(…)]` says of one field, read and checked.
//!
//! Reading keeps the span of every word, so that a contradiction is shown at the word that should go.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, ExprLit, ExprUnary, Lit, LitInt, LitStr, Path, Result, UnOp};

/// The words on one field.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) required: Option<Span>,
    pub(crate) optional: Option<Span>,
    pub(crate) computed: Option<Span>,
    pub(crate) block: Option<Span>,
    pub(crate) replace: Option<Span>,
    pub(crate) sensitive: Option<Span>,
    pub(crate) write_only: Option<Span>,
    /// An expression of type `Value` given the field's leaf type is known.
    pub(crate) default: Option<(Span, DefaultFrom)>,
    pub(crate) same: Option<(Span, Path)>,
    pub(crate) deprecated: Option<LitStr>,
    pub(crate) min_items: Option<LitInt>,
    pub(crate) max_items: Option<LitInt>,
}

/// Where a default comes from.
pub(crate) enum DefaultFrom {
    /// An expression of type `Value`.
    Literal(TokenStream),
    /// A function that returns the leaf.
    Function(Path),
}

/// How a nested block occurs, as far as the field's type tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occurs {
    Once,
    List,
    Map,
}

const KNOWN: &str = "`required`, `optional`, `computed`, `block`, `replace`, `sensitive`, `write_only`, `default`, \
                     `default_with`, `same`, `deprecated`, `min_items`, `max_items`";

impl Options {
    /// Reads all `#[model(…)]` of a field.
    pub(crate) fn read(attributes: &[Attribute], field: Span) -> Result<Self> {
        let mut options = Self::default();
        let mut found = false;
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("model")) {
            found = true;
            attribute.parse_nested_meta(|meta| options.word(&meta))?;
        }
        if !found {
            return Err(Error::new(
                field,
                "say who gives the value: `#[model(required)]`, `#[model(optional)]`, `#[model(computed)]`, \
                 `#[model(optional, computed)]`, or `#[model(block)]` for a nested block",
            ));
        }
        Ok(options)
    }

    fn word(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let span = meta.path.get_ident().map_or_else(Span::call_site, proc_macro2::Ident::span);
        let flag = match name.as_str() {
            "required" => &mut self.required,
            "optional" => &mut self.optional,
            "computed" => &mut self.computed,
            "block" => &mut self.block,
            "replace" => &mut self.replace,
            "sensitive" => &mut self.sensitive,
            "write_only" => &mut self.write_only,
            _ => return self.pair(&name, span, meta),
        };
        if flag.replace(span).is_some() {
            return Err(meta.error(format!("`{name}` is said twice")));
        }
        Ok(())
    }

    fn pair(&mut self, name: &str, span: Span, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let twice = match name {
            "default" => {
                self.default.replace((span, DefaultFrom::Literal(literal(&meta.value()?.parse()?)?))).is_some()
            }
            "default_with" => self.default.replace((span, DefaultFrom::Function(meta.value()?.parse()?))).is_some(),
            "same" => self.same.replace((span, meta.value()?.parse()?)).is_some(),
            "deprecated" => self.deprecated.replace(meta.value()?.parse()?).is_some(),
            "min_items" => self.min_items.replace(meta.value()?.parse()?).is_some(),
            "max_items" => self.max_items.replace(meta.value()?.parse()?).is_some(),
            _ => return Err(meta.error(format!("unknown word; known are {KNOWN}"))),
        };
        if twice { Err(meta.error(format!("a second `{name}`"))) } else { Ok(()) }
    }

    /// Refuses what contradicts itself on an attribute, and gives the variant of `Mode`.
    pub(crate) fn attribute_mode(&self, field: Span) -> Result<TokenStream> {
        if let Some(items) = self.min_items.as_ref().or(self.max_items.as_ref()) {
            return Err(Error::new(items.span(), "`min_items` and `max_items` are for lists of blocks"));
        }
        let default = self.default.as_ref().map(|(span, _)| *span);
        let computed_with_user = self.computed.is_some() || default.is_some();
        match (self.required, self.optional) {
            (Some(required), Some(_)) => Err(Error::new(required, "`required` and `optional` exclude each other")),
            (Some(required), None) if self.computed.is_some() => {
                Err(Error::new(required, "what is `required` is never `computed`"))
            }
            (Some(_), None) => match default {
                Some(span) => Err(Error::new(span, "what is `required` needs no default; say `optional`")),
                None => Ok(quote!(Required)),
            },
            (None, Some(_)) if computed_with_user => match self.write_only {
                Some(span) => Err(Error::new(span, "what is `write_only` is never computed and has no default")),
                None => Ok(quote!(OptionalComputed)),
            },
            (None, Some(_)) => Ok(quote!(Optional)),
            (None, None) if self.computed.is_some() => {
                let users_only = [
                    (default, "a default needs `optional`: nobody could override it"),
                    (self.replace, "`replace` needs an attribute that the user may set"),
                    (self.write_only, "`write_only` needs an attribute that the user may set"),
                ];
                match users_only.into_iter().find_map(|(span, why)| span.map(|span| Error::new(span, why))) {
                    Some(error) => Err(error),
                    None => Ok(quote!(Computed)),
                }
            }
            (None, None) => Err(Error::new(
                field,
                "nobody gives the value: add `required`, `optional`, `computed`, or `optional, computed`",
            )),
        }
    }

    /// Refuses what a nested block cannot be.
    pub(crate) fn check_block(&self, occurs: Occurs) -> Result<()> {
        let attribute_only = [
            (self.optional, "optional"),
            (self.computed, "computed"),
            (self.replace, "replace"),
            (self.sensitive, "sensitive"),
            (self.write_only, "write_only"),
            (self.default.as_ref().map(|(span, _)| *span), "default"),
            (self.same.as_ref().map(|(span, _)| *span), "same"),
        ];
        if let Some((span, word)) = attribute_only.into_iter().find_map(|(span, word)| Some((span?, word))) {
            return Err(Error::new(span, format!("`{word}` is for attributes; a block has its own inside")));
        }
        if let Some(span) = self.required.filter(|_| occurs != Occurs::Once) {
            return Err(Error::new(span, "a list of blocks is required by `min_items = 1`; a map of blocks cannot be"));
        }
        match (&self.min_items, &self.max_items) {
            (Some(items), _) | (None, Some(items)) if occurs == Occurs::Map => {
                Err(Error::new(items.span(), "Terraform counts no blocks of a map"))
            }
            (Some(items), _) | (None, Some(items)) if occurs == Occurs::Once => {
                Err(Error::new(items.span(), "a single block is `required` or not; only lists are counted"))
            }
            (Some(min), Some(max)) if max.base10_parse::<u64>()? < min.base10_parse::<u64>()? => {
                Err(Error::new(max.span(), "`max_items` is below `min_items`"))
            }
            _ => Ok(()),
        }
    }
}

/// The default as an expression of type `Value`.
fn literal(expression: &Expr) -> Result<TokenStream> {
    let wrong = || {
        Error::new_spanned(
            expression,
            "a default is a literal text, number or boolean; else name a function: `default_with = path`",
        )
    };
    let (negative, lit) = match expression {
        Expr::Lit(ExprLit { lit, .. }) => (false, lit),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match &**expr {
            Expr::Lit(ExprLit { lit, .. }) => (true, lit),
            _ => return Err(wrong()),
        },
        _ => return Err(wrong()),
    };
    let sign = if negative { quote!(-) } else { quote!() };
    match lit {
        Lit::Str(text) if !negative => Ok(quote!(::homelab_cty::Value::string(#text))),
        Lit::Bool(value) if !negative => Ok(quote!(::homelab_cty::Value::Bool(#value))),
        Lit::Int(number) => {
            let number: i64 = number.base10_parse()?;
            Ok(quote!(::homelab_cty::Value::from(#sign #number)))
        }
        Lit::Float(number) => Ok(quote!(::homelab_cty::Leaf::to_value(&(#sign #number as f64)))),
        _ => Err(wrong()),
    }
}
