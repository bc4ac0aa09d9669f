"""Pure decisions about rounds: amounts, scores, who may apply, dates, and the best portfolio."""
