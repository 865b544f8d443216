//! A process that dies: between two of its awaits, without a word.

use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is dropped at its n-th poll, if it is still running then and `may_die` says so.
pub(crate) struct Mortal<F, D> {
    life: Option<Pin<Box<F>>>,
    polls_left: u64,
    may_die: D,
}

impl<F: Future, D: Fn() -> bool> Mortal<F, D> {
    pub(crate) fn new(life: F, polls: u64, may_die: D) -> Self {
        Self { life: Some(Box::pin(life)), polls_left: polls, may_die }
    }
}

impl<F: Future, D: Fn() -> bool + Unpin> Future for Mortal<F, D> {
    /// `None`: it died.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(life) = &mut this.life else { return Poll::Ready(None) };
        if this.polls_left == 0 && (this.may_die)() {
            // all that it awaits is dropped where it stands
            this.life = None;
            return Poll::Ready(None);
        }
        this.polls_left = this.polls_left.saturating_sub(1);
        life.as_mut().poll(context).map(Some)
    }
}
