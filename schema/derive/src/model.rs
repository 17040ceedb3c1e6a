//! `#[derive(Model)]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, GenericArgument, LitStr, PathArguments, Result, Type};

use crate::docs;
use crate::options::{DefaultFrom, Occurs, Options};

/// The three parts that one field adds to the implementation.
struct Parts {
    schema: TokenStream,
    read: TokenStream,
    write: TokenStream,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let fields = named_fields(input)?;
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "a model is one block: it takes no parameters"));
    }
    let description = docs::description(&input.attrs);
    if description.is_empty() {
        return Err(Error::new_spanned(&input.ident, "needs a doc comment: it is the description of the block"));
    }
    let deprecated = option(deprecation(input)?.as_ref());

    let mut errors: Option<Error> = None;
    let (mut schemas, mut reads, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    for field in fields {
        match parts(field) {
            Ok(parts) => {
                schemas.push(parts.schema);
                reads.push(parts.read);
                writes.push(parts.write);
            }
            // All mistakes at once: fixing them one compile at a time is slow.
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }

    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::homelab_cty::Model for #ident {
            fn block() -> ::homelab_cty::Block {
                let mut block = ::homelab_cty::Block {
                    description: ::std::string::String::from(#description),
                    deprecated: #deprecated,
                    ..::std::default::Default::default()
                };
                #(#schemas)*
                block
            }

            fn from_value(
                value: &::homelab_cty::Value,
                path: &::homelab_cty::Path,
            ) -> ::std::result::Result<Self, ::homelab_cty::ModelError> {
                if value.as_map().is_none() {
                    return ::std::result::Result::Err(::homelab_cty::ModelError {
                        path: ::std::clone::Clone::clone(path),
                        message: ::std::string::String::from("must be an object"),
                    });
                }
                ::std::result::Result::Ok(Self { #(#reads)* })
            }

            fn to_value(&self) -> ::homelab_cty::Value {
                let mut members = ::std::collections::BTreeMap::new();
                #(#writes)*
                ::homelab_cty::Value::Map(members)
            }
        }
    })
}

fn named_fields(input: &DeriveInput) -> Result<impl Iterator<Item = &Field>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter()),
            _ => Err(Error::new_spanned(&input.ident, "a model is a struct with named fields")),
        },
        _ => Err(Error::new_spanned(&input.ident, "a model is a struct; for an enum of texts derive `Leaf`")),
    }
}

fn deprecation(input: &DeriveInput) -> Result<Option<LitStr>> {
    let mut deprecated = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("model")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("deprecated") {
                return Err(meta.error("on the type only `deprecated = \"…\"` is known"));
            }
            deprecated = Some(meta.value()?.parse::<LitStr>()?);
            Ok(())
        })?;
    }
    Ok(deprecated)
}

fn parts(field: &Field) -> Result<Parts> {
    let Some(ident) = &field.ident else {
        return Err(Error::new_spanned(field, "a model is a struct with named fields"));
    };
    let name = ident.unraw().to_string();
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Err(Error::new_spanned(ident, "Terraform's names are lower case letters, digits and underscores"));
    }
    let inner = attr_inner(&field.ty)?;
    let description = docs::description(&field.attrs);
    let options = Options::read(&field.attrs, ident.span())?;
    let ty = &field.ty;

    if options.block.is_some() {
        let schema = block_schema(&options, &name, ty, inner, &description)?;
        return Ok(Parts {
            schema,
            read: quote_spanned! {ty.span()=>
                #ident: <#ty as ::homelab_cty::Nested>::from_value(value.member(#name), &path.then_attr(#name))?,
            },
            write: quote_spanned! {ty.span()=>
                members.insert(
                    ::std::string::String::from(#name),
                    <#ty as ::homelab_cty::Nested>::to_value(&self.#ident),
                );
            },
        });
    }

    if description.is_empty() {
        return Err(Error::new_spanned(ident, "needs a doc comment: it is the description of the attribute"));
    }
    Ok(Parts {
        schema: attribute_schema(&options, &name, inner, &description, ident.span())?,
        read: quote_spanned! {inner.span()=>
            #ident: ::homelab_cty::Attr::<#inner>::from_value(value.member(#name), &path.then_attr(#name))?,
        },
        write: quote_spanned! {inner.span()=>
            members.insert(
                ::std::string::String::from(#name),
                ::homelab_cty::Attr::<#inner>::to_value(&self.#ident),
            );
        },
    })
}

fn attribute_schema(
    options: &Options,
    name: &str,
    inner: &Type,
    description: &str,
    field: Span,
) -> Result<TokenStream> {
    let mode = options.attribute_mode(field)?;
    let sensitive = options.sensitive.is_some();
    let write_only = options.write_only.is_some();
    let replace = options.replace.is_some();
    let deprecated = option(options.deprecated.as_ref());
    let default = options.default.as_ref().map(|(span, default)| {
        let value = match default {
            DefaultFrom::Literal(value) => value.clone(),
            DefaultFrom::Function(path) => quote_spanned!(*span=> <#inner as ::homelab_cty::Leaf>::to_value(&#path())),
        };
        quote!(attribute.default = ::std::option::Option::Some(#value);)
    });
    let same = options.same.as_ref().map(|(_, path)| quote!(attribute.same = ::std::option::Option::Some(#path);));
    Ok(quote_spanned! {inner.span()=>
        {
            let mut attribute = ::homelab_cty::Attribute::new(
                <#inner as ::homelab_cty::Leaf>::ty(),
                ::homelab_cty::Mode::#mode,
            );
            attribute.sensitive = #sensitive;
            attribute.write_only = #write_only;
            attribute.replace = #replace;
            attribute.one_of = <#inner as ::homelab_cty::Leaf>::one_of();
            attribute.description = ::std::string::String::from(#description);
            attribute.deprecated = #deprecated;
            #default
            #same
            block.attributes.insert(::std::string::String::from(#name), attribute);
        }
    })
}

fn block_schema(options: &Options, name: &str, ty: &Type, inner: &Type, description: &str) -> Result<TokenStream> {
    let occurs = occurs(inner);
    options.check_block(occurs)?;
    let description = (!description.is_empty())
        .then(|| quote!(nested.block.description = ::std::string::String::from(#description);));
    let deprecated = options
        .deprecated
        .as_ref()
        .map(|text| quote!(nested.block.deprecated = ::std::option::Option::Some(::std::string::String::from(#text));));
    let (min, max) = match (&options.required, &options.min_items, &options.max_items) {
        (Some(_), ..) => (quote!(1), quote!(1)),
        (None, min, max) => (
            min.as_ref().map_or_else(|| quote!(0), |min| quote!(#min)),
            max.as_ref().map_or_else(|| quote!(0), |max| quote!(#max)),
        ),
    };
    Ok(quote_spanned! {ty.span()=>
        {
            let mut nested = <#ty as ::homelab_cty::Nested>::nested();
            nested.min_items = #min;
            nested.max_items = #max;
            #description
            #deprecated
            block.blocks.insert(::std::string::String::from(#name), nested);
        }
    })
}

/// `T` of `Attr<T>`.
fn attr_inner(ty: &Type) -> Result<&Type> {
    argument_of(ty, "Attr").ok_or_else(|| {
        Error::new_spanned(ty, "a field of a model is `Attr<…>`: what a user writes may be absent or not known yet")
    })
}

fn occurs(inner: &Type) -> Occurs {
    if argument_of(inner, "Vec").is_some() {
        Occurs::List
    } else if argument_of(inner, "BTreeMap").is_some() {
        Occurs::Map
    } else {
        Occurs::Once
    }
}

/// The last type argument of `wrapper<…>`.
fn argument_of<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().rev().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn option(text: Option<&LitStr>) -> TokenStream {
    text.map_or_else(
        || quote!(::std::option::Option::None),
        |text| quote!(::std::option::Option::Some(::std::string::String::from(#text))),
    )
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::expand;

    /// The message that a field with these words gets.
    fn refused(words: &proc_macro2::TokenStream, ty: &proc_macro2::TokenStream) -> String {
        expand(&parse_quote! {
            /// A door.
            struct Door {
                /// Its name.
                #[model(#words)]
                name: #ty,
            }
        })
        .map_or_else(|error| error.to_string(), |code| format!("accepted: {code}"))
    }

    #[test]
    fn contradictions_are_refused_with_the_reason() {
        let text = quote!(Attr<String>);
        let cases = [
            (quote!(mandatory), "unknown word; known are"),
            (quote!(replace), "nobody gives the value"),
            (quote!(required, required), "`required` is said twice"),
            (quote!(required, optional), "exclude each other"),
            (quote!(required, computed), "never `computed`"),
            (quote!(required, default = "x"), "needs no default"),
            (quote!(computed, default = "x"), "nobody could override it"),
            (quote!(computed, replace), "`replace` needs"),
            (quote!(computed, write_only), "`write_only` needs"),
            (quote!(optional, write_only, default = "x"), "has no default"),
            (quote!(optional, default = some_function()), "name a function"),
            (quote!(optional, default = -"x"), "a default is a literal"),
            (quote!(optional, default = 1, default_with = one), "a second `default_with`"),
            (quote!(optional, min_items = 1), "for lists of blocks"),
        ];
        for (words, expected) in cases {
            let message = refused(&words, &text);
            assert!(message.contains(expected), "{words}: {message}");
        }
    }

    #[test]
    fn blocks_refuse_what_is_for_attributes_and_what_terraform_refuses() {
        let cases = [
            (quote!(block, optional), quote!(Attr<Part>), "`optional` is for attributes"),
            (quote!(block, sensitive), quote!(Attr<Part>), "`sensitive` is for attributes"),
            (quote!(block, min_items = 1), quote!(Attr<Part>), "only lists are counted"),
            (quote!(block, max_items = 1), quote!(Attr<BTreeMap<String, Part>>), "counts no blocks of a map"),
            (quote!(block, required), quote!(Attr<Vec<Part>>), "required by `min_items = 1`"),
            (quote!(block, min_items = 3, max_items = 2), quote!(Attr<Vec<Part>>), "below `min_items`"),
        ];
        for (words, ty, expected) in cases {
            let message = refused(&words, &ty);
            assert!(message.contains(expected), "{words}: {message}");
        }
    }

    #[test]
    fn a_field_is_an_attr_with_a_doc_comment_and_words() {
        let message = refused(&quote!(required), &quote!(String));
        assert!(message.contains("is `Attr<…>`"), "{message}");
        let of = |input: syn::DeriveInput| {
            expand(&input).unwrap_err().into_iter().map(|error| error.to_string()).collect::<Vec<_>>()
        };
        let both = of(parse_quote! {
            /// A door.
            struct Door {
                #[model(required)]
                undescribed: Attr<String>,
                /// Its name.
                wordless: Attr<String>,
            }
        });
        assert_eq!(both.len(), 2, "all mistakes at once: {both:?}");
        assert!(both[0].contains("needs a doc comment") && both[1].contains("say who gives the value"), "{both:?}");
        assert!(
            of(parse_quote!(
                struct Door {}
            ))[0]
                .contains("description of the block")
        );
        assert!(
            of(parse_quote!(
                enum Door {
                    Open,
                }
            ))[0]
                .contains("derive `Leaf`")
        );
    }
}
