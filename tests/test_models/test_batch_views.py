import math

import pytest
import torch

from projects.ikem.models.batch_views import (
    BatchViews,
    crop,
    mirror,
    rotation,
    shear_matrix,
    transform,
)
from projects.ikem.skeletons import get_layout

NTU = get_layout('ntu-25')


def clips(n=2, views=1, t=12):
    return torch.randn(n, views, 2, t, 25, 3, dtype=torch.float64)


def test_crop_against_a_naive_loop():
    x, pad = clips(views=3), 2
    start = torch.tensor([[0, 1, 4], [2, 3, 4]])
    y = crop(x, start, pad)
    for n in range(2):
        for i in range(3):
            clip = list(x[n, i].unbind(1))
            padded = clip[:pad][::-1] + clip + clip[-pad:][::-1]
            s = int(start[n, i])
            expected = torch.stack(padded[s : s + 12], 1)
            torch.testing.assert_close(y[n, i], expected, rtol=0, atol=0)
    shared = crop(x, start[:1], pad)
    torch.testing.assert_close(shared[0], y[0], rtol=0, atol=0)


def test_the_order_of_the_entries_of_a_shear():
    expected = [[1.0, 1, 2], [3, 1, 4], [5, 6, 1]]
    entries = torch.arange(1.0, 7)
    assert shear_matrix(entries).tolist() == expected


def test_rotations_turn_clockwise_and_about_x_first():
    quarter = math.pi / 2 * 180 / math.pi
    x, y, z = torch.eye(3, dtype=torch.float64)
    for axis, (a, b) in enumerate([(y, z), (z, x), (x, y)]):
        degrees = torch.zeros(3, dtype=torch.float64)
        degrees[axis] = quarter
        torch.testing.assert_close(rotation(degrees) @ b, a)
        torch.testing.assert_close(rotation(degrees) @ a, -b)
    both = torch.tensor([quarter, quarter, 0], dtype=torch.float64)
    torch.testing.assert_close(rotation(both) @ z, y)


def test_transform_and_mirror():
    x, A = clips(2, 3), torch.randn(1, 3, 3, 3, dtype=torch.float64)
    y = transform(x, A)
    expected = torch.einsum('vij,nvmtkj->nvmtki', A[0], x)
    torch.testing.assert_close(y, expected)
    exact = transform(x.float(), A)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(transform(x.float(), A), exact)
    flipped = torch.tensor([[True, False, True]])
    y = mirror(x, flipped, NTU.mirror)
    assert torch.equal(y[:, 0], x[:, 0, :, :, list(NTU.mirror)])
    assert torch.equal(y[:, 1], x[:, 1])


def test_numbers_of_the_released_code():
    """Of PSTL's, a joint of a frame: crop, shear, rotation and flip."""
    shear = torch.tensor(
        [0.851670943546015, -0.22012655822557425, -0.9697065253345449,
         0.554469362855426, -0.6812001204754377, 0.9149941443070706],
        dtype=torch.float64,
    )  # fmt: skip
    angles = [9.03802978547137 / 30, 0.031011751469749993, 0.8655272369789456]
    numbers = torch.tensor(
        [4.5 / 17, *((shear + 1) / 2).tolist(), 0.1, *angles, 0.1],
        dtype=torch.float64,
    )
    x = torch.zeros(1, 1, 50, 25, 3, dtype=torch.float64)
    x[0, 0, 0, 11] = torch.tensor(
        [0.37841796875, -0.68603515625, 0.06060791015625],
        dtype=torch.float64,
    )
    y = BatchViews(1, NTU)(x, numbers.view(1, 1, 12))
    # a crop that begins at 4 has frame 0 as its frames 3 and 4
    expected = [0.9969036932366024, -0.3828860968891828, -0.3491007778294785]
    for t in (3, 4):
        assert y[0, 0, 0, t, 7].tolist() == pytest.approx(expected, abs=1e-10)
    assert not y[0, 0, 0, 5].any()


@pytest.mark.parametrize('per_clip', [False, True])
def test_a_batch_shares_its_views_or_does_not(per_clip):
    views = BatchViews(3, NTU, per_clip=per_clip)
    x = clips(1)[:, 0].expand(2, -1, -1, -1, -1)
    y = views(x, views.draw(2))
    assert torch.equal(y[0], y[1]) != per_clip
    assert not torch.equal(y[:, 0], y[:, 1])


def test_distributions():
    """Of 4000 views."""
    views = BatchViews(1, NTU, per_clip=True)
    numbers = views.draw(4000)[:, 0]
    degrees = views.degrees(numbers[:, 7:8], numbers[:, 8:11])
    main = degrees.argmax(1)[degrees.max(1).values > 1]
    for axis in range(3):
        assert (main == axis).double().mean().item() == pytest.approx(
            1 / 3, abs=0.04
        )
    assert degrees.min() >= 0 and 29 < degrees.max() < 30
    # each start from 0 to 2 pad
    starts = (numbers[:, 0] * 17).long().unique()
    assert starts.tolist() == list(range(17))


def test_without_a_flip_a_layout_needs_no_mirror():
    layout = get_layout(
        dict(name='stick', parents=(0, 0, 1), center=0, shoulders=(1, 2))
    )
    with pytest.raises(ValueError, match='mirror'):
        BatchViews(1, layout)
    views = BatchViews(1, layout, flip=0)
    x = torch.randn(2, 1, 12, 3, 3)
    assert views(x, views.draw(2)).shape == (2, 1, 1, 12, 3, 3)


@pytest.mark.parametrize(
    'wrong', [dict(ratio=0), dict(shear=-1), dict(flip=2)]
)
def test_errors(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BatchViews(1, NTU, **wrong)
