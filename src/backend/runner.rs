//! The runner: classifies, watches, plans, applies and undoes, one after the other. It alone holds the session's lock.

use crossbeam_channel::Receiver;

use super::app_face::AppFace;
use super::classify_run::{self, ClassifyOrder};
use super::context::RunnerContext;
use super::orders::{RunnerState, carry_out};
use super::watch_run::{self, WatchOrder};
use super::{Event, Order};

pub(super) fn run(context: &RunnerContext, received: &Receiver<Order>) {
    let mut state = RunnerState::default();
    // An order that ended a watch is carried out after it.
    let mut next = None;
    loop {
        // An order that comes at once, as for an earlier session to look at, does not wait for a runtime.
        let order = match next.take().map_or_else(|| received.try_recv(), Ok) {
            Ok(order) => order,
            Err(_) => {
                let face = AppFace::new(context);
                if let Err(error) = state.runtime.choose_once(&face.run()) {
                    context.tell(Event::Trouble { error: error.into() });
                }
                match received.recv() {
                    Ok(order) => order,
                    Err(_) => return,
                }
            }
        };
        let done = match order {
            Order::Watch { number, settings, table, sorts, decisions_of } => {
                let order = WatchOrder { number, settings: *settings, table, sorts, decisions_of };
                watch_run::watch(context, order, &mut state, received).map(|order| next = order)
            }
            Order::Classify { settings, table, decisions_of } => {
                let order = ClassifyOrder { settings: &settings, table: &table, decisions_of: decisions_of.as_deref() };
                classify_run::classify(context, order, &mut state.runtime, received)
            }
            order => carry_out(context, order, &mut state, None),
        };
        if let Err(error) = done {
            // Nothing of the app's own goes on: what others do is followed.
            context.feed.ended();
            context.tell(Event::Failed { error });
        }
    }
}
