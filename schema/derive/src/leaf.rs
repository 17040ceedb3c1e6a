//! `#[derive(Leaf)]`.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Fields, FieldsNamed, LitStr, Result, Token, Type, Variant};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "a leaf is one value: it takes no parameters"));
    }
    match &input.data {
        Data::Enum(data) => texts(input, &data.variants),
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => object(input, fields),
            Fields::Unnamed(fields) => match (fields.unnamed.first(), fields.unnamed.len()) {
                (Some(field), 1) => Ok(transparent(input, &field.ty)),
                _ => Err(Error::new_spanned(fields, "a leaf has named fields (an object) or one unnamed field")),
            },
            Fields::Unit => Err(Error::new_spanned(&input.ident, "a leaf has something inside")),
        },
        Data::Union(_) => Err(Error::new_spanned(&input.ident, "a leaf is an enum of names or a struct")),
    }
}

/// An enum of texts.
fn texts(input: &DeriveInput, variants: &Punctuated<Variant, Token![,]>) -> Result<TokenStream> {
    let ident = &input.ident;
    let visibility = &input.vis;
    let (mut names, mut texts, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for variant in variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "a variant of a leaf is a bare name: it stands for one text"));
        }
        let text = renamed(&variant.attrs)?.unwrap_or_else(|| snake_case(&variant.ident.unraw().to_string()));
        if !seen.insert(text.clone()) {
            return Err(Error::new_spanned(variant, format!("a second variant for the text `{text}`")));
        }
        names.push(&variant.ident);
        texts.push(text);
    }
    if texts.is_empty() {
        return Err(Error::new_spanned(ident, "a leaf has at least one variant"));
    }
    let expected = format!("must be one of {}", texts.join(", "));
    Ok(quote! {
        #[automatically_derived]
        impl #ident {
            /// All of them, in the order of their declaration.
            #[allow(dead_code)]
            #visibility const ALL: &'static [Self] = &[#(Self::#names),*];

            /// As users write it.
            #[allow(dead_code, clippy::trivially_copy_pass_by_ref)]
            #visibility const fn as_str(&self) -> &'static str {
                match self {
                    #(Self::#names => #texts,)*
                }
            }
        }

        #[automatically_derived]
        impl ::std::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        #[automatically_derived]
        impl ::std::str::FromStr for #ident {
            type Err = ::std::string::String;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text {
                    #(#texts => ::std::result::Result::Ok(Self::#names),)*
                    _ => ::std::result::Result::Err(::std::string::String::from(#expected)),
                }
            }
        }

        #[automatically_derived]
        impl ::homelab_cty::Leaf for #ident {
            fn ty() -> ::homelab_cty::Type {
                ::homelab_cty::Type::String
            }

            fn from_value(
                value: &::homelab_cty::Value,
                path: &::homelab_cty::Path,
            ) -> ::std::result::Result<Self, ::homelab_cty::ModelError> {
                value.as_str().unwrap_or_default().parse().map_err(|message| ::homelab_cty::ModelError {
                    path: ::std::clone::Clone::clone(path),
                    message,
                })
            }

            fn to_value(&self) -> ::homelab_cty::Value {
                ::homelab_cty::Value::string(self.as_str())
            }

            fn one_of() -> ::std::vec::Vec<::std::string::String> {
                ::std::vec![#(::std::string::String::from(#texts)),*]
            }
        }
    })
}

/// A struct with named fields.
fn object(input: &DeriveInput, fields: &FieldsNamed) -> Result<TokenStream> {
    let ident = &input.ident;
    let (mut types, mut reads, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    for field in &fields.named {
        let Some(member) = &field.ident else { continue };
        let name = renamed(&field.attrs)?.unwrap_or_else(|| member.unraw().to_string());
        let ty = &field.ty;
        types.push(quote_spanned!(ty.span()=> (#name, <#ty as ::homelab_cty::Leaf>::ty())));
        reads.push(quote_spanned! {ty.span()=>
            #member: <#ty as ::homelab_cty::Leaf>::from_value(value.member(#name), &path.then_attr(#name))?
        });
        writes.push(quote_spanned!(ty.span()=> (#name, <#ty as ::homelab_cty::Leaf>::to_value(&self.#member))));
    }
    Ok(quote! {
        #[automatically_derived]
        impl ::homelab_cty::Leaf for #ident {
            fn ty() -> ::homelab_cty::Type {
                ::homelab_cty::Type::object([#(#types),*])
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
                ::std::result::Result::Ok(Self { #(#reads),* })
            }

            fn to_value(&self) -> ::homelab_cty::Value {
                ::homelab_cty::Value::map([#(#writes),*])
            }
        }
    })
}

/// A struct of one unnamed field: a name for a value, without a shape of its own.
fn transparent(input: &DeriveInput, ty: &Type) -> TokenStream {
    let ident = &input.ident;
    quote_spanned! {ty.span()=>
        #[automatically_derived]
        impl ::homelab_cty::Leaf for #ident {
            fn ty() -> ::homelab_cty::Type {
                <#ty as ::homelab_cty::Leaf>::ty()
            }

            fn from_value(
                value: &::homelab_cty::Value,
                path: &::homelab_cty::Path,
            ) -> ::std::result::Result<Self, ::homelab_cty::ModelError> {
                <#ty as ::homelab_cty::Leaf>::from_value(value, path).map(Self)
            }

            fn to_value(&self) -> ::homelab_cty::Value {
                <#ty as ::homelab_cty::Leaf>::to_value(&self.0)
            }

            fn one_of() -> ::std::vec::Vec<::std::string::String> {
                <#ty as ::homelab_cty::Leaf>::one_of()
            }
        }
    }
}

/// The text of `#[leaf(rename = "…")]`.
fn renamed(attributes: &[Attribute]) -> Result<Option<String>> {
    let mut name = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("leaf")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("rename") {
                return Err(meta.error("unknown word; known is `rename = \"…\"`"));
            }
            name = Some(meta.value()?.parse::<LitStr>()?.value());
            Ok(())
        })?;
    }
    Ok(name)
}

/// `ClusterStore` to `cluster_store`; a run of capitals is one word (`CIDRBlock` to `cidr_block`).
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()));
        if starts_word && !text.ends_with('_') {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn names_become_snake_case() {
        let cases = [
            ("Required", "required"),
            ("KeepSecret", "keep_secret"),
            ("TlsInvalid", "tls_invalid"),
            ("CIDRBlock", "cidr_block"),
            ("V1", "v1"),
            ("Oauth2Proxy", "oauth2_proxy"),
        ];
        for (name, expected) in cases {
            assert_eq!(snake_case(name), expected, "{name}");
        }
    }
}
