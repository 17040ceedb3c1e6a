//! `homelab ingress`: what is in front of apps, looked at from outside of any one declaration.

mod certificates;
pub(crate) mod lint;
pub(crate) mod refs;
pub(crate) mod routes;
pub(crate) mod scene;

use homelab_core::exit::Exit;

use crate::args::{Ingress, IngressVerb};
use crate::output::{Failure, Printer};

pub(crate) fn run(options: &Ingress, printer: &Printer) -> Result<Exit, Failure> {
    match &options.verb {
        IngressVerb::Routes(options) => routes::run(options, printer),
        IngressVerb::Lint(options) => lint::run(options, printer),
        IngressVerb::Refs(options) => refs::run(options, printer),
    }
}
