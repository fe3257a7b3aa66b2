"""What the tests of the editor do again and again."""

from django.urls import reverse


URL = "sms_automations_modeladmin_{}"
WORDS = ".sms-words__word"


def open_editor(page, automation=None):
    """Open the editor of an automation, or of a new one."""
    if automation:
        page.goto(reverse(URL.format("edit"), args=[automation.pk]))
    else:
        page.goto(reverse(URL.format("create")))
    page.wait_for_selector("#panel-actions-section .c-sf-add-button")
    return page


def add_block(page, stream, label):
    """Add a block at the end of a stream, and return its section."""
    panel = page.locator(f"#panel-{stream}-section")
    panel.locator("button.c-sf-add-button").last.click()
    options = page.locator("[role=listbox] [role=option]")
    options.get_by_text(label, exact=True).click()
    # A menu that is still closing would be found next time, too.
    page.wait_for_selector("[role=listbox]", state="detached")
    return panel.locator(f"#{stream}-root > div > [data-streamfield-child]").last


def first_block(page, stream):
    """Return the section that a new automation begins with."""
    return page.locator(f"#{stream}-root > div > [data-streamfield-child]").first


def delete_blocks(page, *streams):
    """Delete the sections that a new automation begins with."""
    for stream in streams:
        block = first_block(page, stream)
        block.get_by_role("button", name="Delete").first.click()
        # Wagtail keeps it, hidden, to send that it is deleted.
        block.wait_for(state="hidden")


def words(section):
    """The chips of a block."""
    return section.locator(WORDS).all_inner_texts()


def entry(section, label):
    """The field in which a chip is typed."""
    return section.get_by_role("textbox", name=label)


def paste(field, text):
    """Paste a text into a field."""
    field.evaluate(
        """(field, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text', text);
            field.dispatchEvent(new ClipboardEvent(
                'paste', { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def save(page):
    """Press Save and wait for the page that answers."""
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()


def tab_to(page, selector, most=120):
    """Press Tab until the focus is on what the selector means."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab never came to {selector}.")
