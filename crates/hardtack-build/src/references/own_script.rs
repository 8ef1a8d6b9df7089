//! Whether a classic script asks for its own URL.

use oxc_span::Span;

/// The uses that a script makes of the script elements of its page.
///
/// `document.currentScript` is asked for other things than its URL too, such as `dataset`. Where it
/// is kept in a variable, only what is read from that within the same function counts.
#[derive(Default)]
pub(super) struct OwnScript {
    /// Where the URL of `currentScript` is asked for.
    asked: Option<u32>,
    /// Variables that hold it, each with the function that they are in.
    kept: Vec<(String, Span)>,
    /// Variables that are used, of which that may hold it.
    uses: Vec<Use>,
    /// Where the scripts of the page are looked up, as was done before there was `currentScript`.
    looked_up: Option<u32>,
    /// Whether a script is known by its name, or by its place among the others.
    has_name: bool,
    functions: Vec<Span>,
}

/// A variable that is used.
struct Use {
    variable: String,
    at: u32,
    /// The function that it stands in, if it is not its `src` that is read there: within that
    /// function alone, one name is one variable.
    function: Option<Span>,
}

impl OwnScript {
    pub(super) fn enter_function(&mut self, span: Span) {
        self.functions.push(span);
    }

    pub(super) fn leave_function(&mut self) {
        self.functions.pop();
    }

    pub(super) fn asks(&mut self, span: Span) {
        self.asked.get_or_insert(span.start);
    }

    pub(super) fn keeps(&mut self, variable: &str) {
        self.kept.push((variable.to_owned(), self.function()));
    }

    /// The `src` of a variable is read.
    pub(super) fn reads(&mut self, variable: &str, span: Span) {
        self.uses.push(Use { variable: variable.to_owned(), at: span.start, function: None });
    }

    /// A variable is passed on, or something is read from it by a name that is not known.
    pub(super) fn uses(&mut self, variable: &str, span: Span) {
        let function = Some(self.function());
        self.uses.push(Use { variable: variable.to_owned(), at: span.start, function });
    }

    fn function(&self) -> Span {
        self.functions.last().copied().unwrap_or(Span::new(0, u32::MAX))
    }

    pub(super) fn looks_up(&mut self, span: Span) {
        self.looked_up.get_or_insert(span.start);
    }

    /// The `src` of an element of a list is read.
    pub(super) fn reads_one_of_many(&mut self) {
        self.has_name = true;
    }

    /// A text that the script has.
    pub(super) fn has_text(&mut self, text: &str) {
        self.has_name |= names_a_script(text);
    }

    /// Where it asks for its own URL.
    pub(super) fn url(&self) -> Option<usize> {
        let is_of = |(variable, function): &(String, Span), one: &&Use| {
            *variable == one.variable
                && (function.start..function.end).contains(&one.at)
                && one.function.is_none_or(|of| of == *function)
        };
        let kept = || self.uses.iter().find(|one| self.kept.iter().any(|kept| is_of(kept, one)));
        let looked_up = self.looked_up.filter(|_| self.has_name);
        self.asked.or_else(|| Some(kept()?.at)).or(looked_up).map(|at| at as usize)
    }
}

/// Whether a text is the end of a script's URL, or a pattern of it, with its name.
fn names_a_script(text: &str) -> bool {
    let stem = text.split(".js").next().filter(|stem| stem.len() < text.len());
    text.contains("\\.js")
        || stem.is_some_and(|stem| {
            stem.ends_with(|last: char| last.is_alphanumeric()) && !stem.starts_with('.')
        })
}
