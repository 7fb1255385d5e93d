"""Power, heat and battery: tables of boards, readings that can be believed, and the arithmetic of budgets. Pure."""
