"""What a customer texted and what an editor wrote go in, effects come out.

messages, rules   what goes in: the message, its contact, the editor's automations
respond           the journey on one screen; below, the modules in the order of use
opt_outs          STOP, START and HELP come before everything
text, matching    how a body is read, and which keywords stand in it
content           the condition that asks for keywords
conditions        the other things that must hold
actions           what the actions of an automation that fired become
rendering         placeholders; segments: what a body costs, and how to make it cheaper
guards            what must not be sent, and why
outcome           what comes out: effects, and why each automation fired or did not
"""
