use annona_core::U256;

use crate::VerifyingKey;

/// Why a template did not become a contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A `{{..}}` was left after filling.
    #[error("the template asks for {{{{{name}}}}}, which this key does not have")]
    UnknownPlaceholder {
        /// What stands between the braces.
        name: String,
    },
}

/// Placeholder for now.
///
/// # Errors
/// [`TemplateError`].
pub fn render_verifier(
    template: &str,
    name: &str,
    key: &VerifyingKey,
) -> Result<String, TemplateError> {
    let _ = (template, name, key, U256::ZERO);
    Err(TemplateError::UnknownPlaceholder {
        name: String::new(),
    })
}
