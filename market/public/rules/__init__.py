"""Pure reading of what is on the noticeboard."""

from market.public.rules.labels import Phase, stage_now, stages_of

__all__ = ["Phase", "stage_now", "stages_of"]
